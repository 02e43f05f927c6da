# Every image of the system; select one with --target:
#   api, worker, beat, flower               the orchestrator
#   downloader, normalizer, transcriber     a service; its worker is the same image with another command
# docs/how-to/deploy.md lists the arguments. Needs BuildKit (the default since Docker 23).

# Add a digest (python:3.11-slim-bookworm@sha256:...) for reproducible builds.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

# ---------------------------------------------------------------- installation of packages
FROM ${PYTHON_IMAGE} AS packages
ENV UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_NATIVE_TLS=1 \
    UV_NO_BUILD=1 \
    UV_PYTHON=/opt/venv/bin/python
WORKDIR /build
COPY pyproject.toml requirements.lock ./
# As a constraint, the lock fixes versions and hashes: uv rejects everything else.
RUN sed -n '/^uv==/,/[^\\]$/p' requirements.lock > uv.lock \
 && python -m pip install --no-cache-dir --require-hashes -r uv.lock \
 && python -m venv --without-pip /opt/venv

FROM packages AS orchestrator-packages
ARG ORCHESTRATOR_EXTRAS="otel"
RUN --mount=type=cache,target=/root/.cache/uv \
    uv pip install -r pyproject.toml $(printf -- '--extra %s ' $ORCHESTRATOR_EXTRAS) -c requirements.lock

FROM orchestrator-packages AS flower-packages
RUN --mount=type=cache,target=/root/.cache/uv \
    uv pip install -r pyproject.toml --extra flower -c requirements.lock

# Extras of every service: traces, results in object storage.
FROM packages AS service-packages
ARG SERVICE_EXTRAS="otel s3"
RUN --mount=type=cache,target=/root/.cache/uv \
    uv pip install fsspec -r pyproject.toml $(printf -- '--extra %s ' $SERVICE_EXTRAS) -c requirements.lock

FROM service-packages AS downloader-packages
RUN --mount=type=cache,target=/root/.cache/uv \
    uv pip install -r pyproject.toml --extra downloader -c requirements.lock

# The extra installs FFmpeg as one program of 80 MB; Debian's package takes 400 MB.
FROM service-packages AS normalizer-packages
ARG NORMALIZER_EXTRAS="normalizer"
RUN --mount=type=cache,target=/root/.cache/uv \
    uv pip install -r pyproject.toml $(printf -- '--extra %s ' $NORMALIZER_EXTRAS) -c requirements.lock

FROM service-packages AS transcriber-packages
ARG TRANSCRIBER_EXTRAS="transcriber"
RUN --mount=type=cache,target=/root/.cache/uv \
    uv pip install -r pyproject.toml $(printf -- '--extra %s ' $TRANSCRIBER_EXTRAS) -c requirements.lock
# CUDA=1 adds NVIDIA's libraries, about 1.5 GB; the driver comes from the host.
ARG CUDA=0
COPY deploy/image/cuda.lock ./
RUN --mount=type=cache,target=/root/.cache/uv \
    if [ "$CUDA" = 1 ]; then uv pip install --require-hashes -r cuda.lock; fi

# ---------------------------------------------------------------- the base of every image
FROM ${PYTHON_IMAGE} AS base
RUN apt-get update \
 && apt-get install --yes --no-install-recommends tini \
 && rm -rf /var/lib/apt/lists/* \
 && python -m pip uninstall --yes --quiet --root-user-action ignore pip setuptools wheel \
 && rm -rf /usr/local/lib/python3*/ensurepip \
 && useradd --uid 10001 --user-group --no-create-home --home-dir /tmp --shell /usr/sbin/nologin ytcaption \
 && install --directory --owner ytcaption --group ytcaption /data /models
# Containers can write only to /tmp: mount a tmpfs there.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    HOST=0.0.0.0 \
    ALIVE_FILE=/tmp/alive
COPY deploy/image/probe /usr/local/bin/probe
WORKDIR /app
# The first process must forward signals and reap orphaned processes.
ENTRYPOINT ["/usr/bin/tini", "--"]
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.source="https://github.com/ytcaption/orchestrator" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

# ---------------------------------------------------------------- the orchestrator
FROM base AS orchestrator
# Links, since a mounted file must exist, while a file in a mounted folder is optional:
# /config/stack.env has the URLs within Compose, /config/orchestrator/.env overrides it.
RUN install --directory --owner ytcaption --group ytcaption orchestrator/logs \
 && ln -s /config/stack.env .env \
 && ln -s /config/orchestrator/.env orchestrator/.env
ENV LOG_DIR=/app/orchestrator/logs \
    UPLOADS_DIR=/data/uploads \
    PORT=8000
COPY --from=orchestrator-packages /opt/venv /opt/venv
COPY celeryconfig.py flowerconfig.py ./
COPY foundation foundation
COPY orchestrator orchestrator
COPY tasks tasks
COPY web web
RUN python -m compileall -q .
USER ytcaption

FROM orchestrator AS api
LABEL org.opencontainers.image.title="ytcaption-orchestrator" \
      org.opencontainers.image.description="The REST API"
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=6s --start-period=180s --start-interval=1s --retries=3 \
  CMD ["probe", "http", "8000", "/health/ready"]
CMD ["gunicorn", "-c", "web/gunicorn.conf.py", "web.wsgi:app"]

FROM orchestrator AS worker
LABEL org.opencontainers.image.title="ytcaption-orchestrator-celery" \
      org.opencontainers.image.description="The worker, which takes jobs through their stages"
HEALTHCHECK --interval=10s --timeout=5s --start-period=180s --start-interval=1s --retries=3 \
  CMD ["probe", "fresh", "20 seconds", "/tmp/alive"]
CMD ["celery", "-A", "tasks.app", "worker"]

FROM orchestrator AS beat
LABEL org.opencontainers.image.title="ytcaption-orchestrator-beat" \
      org.opencontainers.image.description="The clock of the upkeep; one is enough"
# Beat writes its schedule every three minutes.
HEALTHCHECK --interval=30s --timeout=5s --start-period=180s --start-interval=1s --retries=3 \
  CMD ["probe", "fresh", "8 minutes", "/tmp/beat"]
CMD ["sh", "-c", "mkdir -p /tmp/beat && exec celery -A tasks.app beat --schedule /tmp/beat/schedule"]

FROM orchestrator AS flower
COPY --from=flower-packages /opt/venv /opt/venv
LABEL org.opencontainers.image.title="ytcaption-flower" \
      org.opencontainers.image.description="Flower: the workers, seen in a browser"
EXPOSE 5555
HEALTHCHECK --interval=15s --timeout=5s --start-period=180s --start-interval=1s --retries=3 \
  CMD ["probe", "http", "5555", "/healthcheck"]
COPY deploy/image/flower /usr/local/bin/start-flower
CMD ["start-flower"]

# ---------------------------------------------------------------- the services
FROM base AS service
ENV ARTIFACTS_DIR=/data/artifacts \
    MODELS_DIR=/models
COPY services/__init__.py services/
COPY foundation foundation
COPY services/kit services/kit

FROM service AS downloader
COPY --from=downloader-packages /opt/venv /opt/venv
COPY services/downloader services/downloader
RUN python -m compileall -q .
USER ytcaption
LABEL org.opencontainers.image.title="ytcaption-video-downloader" \
      org.opencontainers.image.description="Downloads a video's audio: API and worker"
ENV PORT=8001
EXPOSE 8001
HEALTHCHECK --interval=10s --timeout=6s --start-period=180s --start-interval=1s --retries=3 \
  CMD ["probe", "http", "8001", "/health/ready"]
CMD ["gunicorn", "-c", "services/kit/gunicorn.conf.py", "services.downloader.wsgi:app"]

FROM service AS normalizer
COPY --from=normalizer-packages /opt/venv /opt/venv
COPY services/media services/media
COPY services/weights services/weights
COPY services/normalizer services/normalizer
RUN python -m compileall -q .
USER ytcaption
LABEL org.opencontainers.image.title="ytcaption-audio-normalization" \
      org.opencontainers.image.description="Prepares audio for speech recognition: API and worker"
ENV PORT=8002
EXPOSE 8002
HEALTHCHECK --interval=10s --timeout=6s --start-period=180s --start-interval=1s --retries=3 \
  CMD ["probe", "http", "8002", "/health/ready"]
CMD ["gunicorn", "-c", "services/kit/gunicorn.conf.py", "services.normalizer.wsgi:app"]

FROM service AS transcriber
COPY --from=transcriber-packages /opt/venv /opt/venv
COPY services/media services/media
COPY services/weights services/weights
COPY services/transcriber services/transcriber
RUN python -m compileall -q . \
 && ls -d /opt/venv/lib/python3*/site-packages/nvidia/*/lib > /etc/ld.so.conf.d/nvidia.conf 2> /dev/null; ldconfig
USER ytcaption
LABEL org.opencontainers.image.title="ytcaption-audio-transcriber" \
      org.opencontainers.image.description="Turns speech into text with Whisper: API and worker"
ENV PORT=8003
EXPOSE 8003
HEALTHCHECK --interval=10s --timeout=6s --start-period=180s --start-interval=1s --retries=3 \
  CMD ["probe", "http", "8003", "/health/ready"]
CMD ["gunicorn", "-c", "services/kit/gunicorn.conf.py", "services.transcriber.wsgi:app"]
