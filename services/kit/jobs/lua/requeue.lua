-- Requeue a job whose lease has expired, or that its worker returns.
-- KEYS: job, running, waiting, totals
-- ARGV: id, the worker that returns it ('' = only if the lease has expired), maximum number
--       of runs, current time in the format of jobs, channel of changes
-- Returns kept, exhausted (all runs used; nothing was written) or requeued.
local id, worker = ARGV[1], ARGV[2]
local job = redis.call('HMGET', KEYS[1], 'status', 'worker', 'runs')
local status = job[1]
if not status or status == 'completed' or status == 'failed' or status == 'cancelled' then
  redis.call('ZREM', KEYS[2], id)
  return 'kept'
end
local lease_ends_ms = redis.call('ZSCORE', KEYS[2], id)
if not lease_ends_ms then
  return 'kept'
end
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
if worker == '' then
  if tonumber(lease_ends_ms) > now_ms then
    return 'kept'
  end
  if tonumber(job[3] or 0) >= tonumber(ARGV[3]) then
    return 'exhausted'
  end
  redis.call('HINCRBY', KEYS[4], 'recovered', 1)
elseif worker ~= job[2] then
  return 'kept'
else
  redis.call('HINCRBY', KEYS[1], 'runs', -1) -- a restart of the worker does not count
end
redis.call('HSET', KEYS[1], 'status', 'queued', 'progress', '0', 'tag', 'queued-0',
  'owner', '', 'worker', '', 'updated_at', ARGV[4])
redis.call('ZREM', KEYS[2], id)
redis.call('ZADD', KEYS[3], now_ms, id)
redis.call('PUBLISH', ARGV[5], id)
return 'requeued'
