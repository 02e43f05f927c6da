-- Extend the lease of a job if its owner is unchanged.
-- KEYS: job, running
-- ARGV: id, the owner's token, lease in ms
-- Returns 1 if the owner still owns the job.
local job = redis.call('HMGET', KEYS[1], 'status', 'owner')
local status = job[1]
if not status or job[2] ~= ARGV[2] then
  return 0
end
if status == 'completed' or status == 'failed' or status == 'cancelled' then
  return 0
end
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[2], now_ms + ARGV[3], ARGV[1])
return 1
