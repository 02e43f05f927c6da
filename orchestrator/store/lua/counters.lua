-- Counters of ended jobs (in total, per five minutes and, of failures, per code and hour), and of
-- jobs that wait.

-- A service may invent error codes: those after the first fifty are counted as one.
local CODES = 50
local function count(key, field, lifetime_ms)
  redis.call('HINCRBY', P .. key, field, 1)
  if lifetime_ms then redis.call('PEXPIRE', P .. key, lifetime_ms) end
end
local function count_end(status, code)
  count('ended', status)
  count('ended:' .. text(math.floor(NOW / WINDOW_MS)), status, HOUR_MS + 2 * WINDOW_MS)
  if status ~= 'failed' then return end
  local all = P .. 'failures'
  local is_known = redis.call('HEXISTS', all, code) == 1
  if not is_known and redis.call('HLEN', all) >= CODES then code = 'other' end
  count('failures', code)
  count('failures:' .. text(math.floor(NOW / HOUR_MS)), code, 25 * HOUR_MS)
end

-- A job that is in the index and does not wait (someone deleted it by hand) is removed from it.
local MOST_REMOVALS = 20
local function is_waiting(id, stage)
  local job = redis.call('HMGET', job_key(id), 'status', 'stage', 'lease.worker')
  return job[1] and not TERMINAL[job[1]] and job[2] == stage and not job[3]
end
function commands.CountQueues(args)
  local queues = {}
  for _, stage in ipairs(args.stages) do
    local key = P .. 'queued:' .. stage
    local first
    for _ = 1, MOST_REMOVALS do
      first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
      if not first[1] or is_waiting(first[1], stage) then break end
      redis.call('ZREM', key, first[1])
    end
    queues[stage] = {
      waiting = redis.call('ZCARD', key),
      oldest_wait_ms = first[2] and math.max(0, NOW - first[2])}
  end
  return queues
end
