-- Remove a job and all its keys.
-- KEYS: job, waiting, jobs, Celery's result, running
-- ARGV: id, channel of changes
-- Returns 1 if the job existed.
local idempotency = redis.call('HGET', KEYS[1], 'idempotency')
if idempotency then
  redis.call('DEL', idempotency)
end
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('ZREM', KEYS[5], ARGV[1])
redis.call('DEL', KEYS[4])
local removed = redis.call('DEL', KEYS[1])
redis.call('PUBLISH', ARGV[2], ARGV[1])
return removed
