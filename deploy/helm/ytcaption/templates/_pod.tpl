{{- define "ytcaption.labels" -}}
app.kubernetes.io/name: ytcaption
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* A deployment: root, component, image, command, variables, spec (replicas, resources), health, port, volumes */}}
{{- define "ytcaption.deployment" -}}
{{- $values := .root.Values -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .root.Release.Name }}-{{ .component }}
  labels:
    {{- include "ytcaption.labels" . | nindent 4 }}
    app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
    helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
spec:
  {{- if not .scaled }}
  replicas: {{ .spec.replicas | default 1 }}
  {{- end }}
  {{- if .single }}
  strategy: {type: Recreate}
  {{- end }}
  selector:
    matchLabels:
      {{- include "ytcaption.labels" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "ytcaption.labels" . | nindent 8 }}
        {{- if .outside }}
        ytcaption/outside: "true"
        {{- end }}
    spec:
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: {{ $values.terminationGracePeriodSeconds }}
      securityContext:
        runAsNonRoot: true
        runAsUser: 10001
        runAsGroup: 10001
        fsGroup: 10001
        fsGroupChangePolicy: OnRootMismatch
        seccompProfile: {type: RuntimeDefault}
      {{- with $values.image.pullSecrets }}
      imagePullSecrets:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      containers:
        - name: {{ .component }}
          image: {{ $values.image.registry }}/{{ .image }}:{{ $values.image.tag | default .root.Chart.AppVersion }}
          imagePullPolicy: {{ $values.image.pullPolicy }}
          {{- with .command }}
          args: {{ toJson . }}
          {{- end }}
          env:
            {{- range $name, $value := .variables }}
            - name: {{ $name }}
              value: {{ $value | quote }}
            {{- end }}
          {{- if .port }}
          ports:
            - name: http
              containerPort: {{ .port }}
          startupProbe:
            httpGet: {path: /health/live, port: http}
            failureThreshold: 60
            periodSeconds: 2
          livenessProbe:
            httpGet: {path: /health/live, port: http}
            periodSeconds: 10
            timeoutSeconds: 5
          readinessProbe:
            httpGet: {path: /health/ready, port: http}
            periodSeconds: 5
            timeoutSeconds: 5
          {{- else }}
          startupProbe:
            exec: {command: {{ toJson .health }}}
            failureThreshold: 60
            periodSeconds: 2
          livenessProbe:
            exec: {command: {{ toJson .health }}}
            periodSeconds: 10
            timeoutSeconds: 5
          {{- end }}
          resources:
            {{- toYaml .spec.resources | nindent 12 }}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: {drop: [ALL]}
          volumeMounts:
            - {name: tmp, mountPath: /tmp}
            {{- if $values.existingSecret }}
            - {name: secrets, mountPath: /run/secrets, readOnly: true}
            {{- end }}
            {{- range .volumes }}
            - {name: {{ .name }}, mountPath: {{ .path }}}
            {{- end }}
      volumes:
        - name: tmp
          emptyDir: {medium: Memory, sizeLimit: 256Mi}
        {{- if $values.existingSecret }}
        - name: secrets
          secret: {secretName: {{ $values.existingSecret }}, defaultMode: 0440}
        {{- end }}
        {{- range .volumes }}
        - name: {{ .name }}
          {{- if .claim }}
          persistentVolumeClaim: {claimName: {{ .claim }}}
          {{- else }}
          emptyDir: {}
          {{- end }}
        {{- end }}
      {{- with $values.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.affinity }}
      affinity:
        {{- toYaml . | nindent 8 }}
      {{- end }}
{{- end }}

{{/* What stays of a component that has several pods while nodes are drained: root, component */}}
{{- define "ytcaption.budget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ .root.Release.Name }}-{{ .component }}
  labels:
    {{- include "ytcaption.labels" . | nindent 4 }}
spec:
  maxUnavailable: 1
  selector:
    matchLabels:
      {{- include "ytcaption.labels" . | nindent 6 }}
{{- end }}

{{/* root, component, least, scaling */}}
{{- define "ytcaption.autoscaler" -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ .root.Release.Name }}-{{ .component }}
  labels:
    {{- include "ytcaption.labels" . | nindent 4 }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {{ .root.Release.Name }}-{{ .component }}
  minReplicas: {{ .least }}
  maxReplicas: {{ .scaling.maxReplicas }}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target: {type: Utilization, averageUtilization: {{ .scaling.cpuPercent }}}
{{- end }}

{{/* root, component, port, targets the component's pods */}}
{{- define "ytcaption.service" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ .root.Release.Name }}-{{ .component }}
  labels:
    {{- include "ytcaption.labels" . | nindent 4 }}
spec:
  ports:
    - {name: http, port: {{ .port }}, targetPort: http}
  selector:
    {{- include "ytcaption.labels" . | nindent 4 }}
{{- end }}

{{/* root, component, storage */}}
{{- define "ytcaption.claim" -}}
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {{ .root.Release.Name }}-{{ .component }}
  labels:
    {{- include "ytcaption.labels" . | nindent 4 }}
  annotations:
    helm.sh/resource-policy: keep
spec:
  accessModes: [{{ .storage.accessMode }}]
  {{- with .storage.storageClass }}
  storageClassName: {{ . }}
  {{- end }}
  resources: {requests: {storage: {{ .storage.size }}}}
{{- end }}
