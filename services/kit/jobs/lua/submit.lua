-- Create a job, unless its submission has one or too many jobs wait.
-- KEYS: job, idempotency, waiting, jobs
-- ARGV: id, max_queue, fingerprint ('' = no idempotency key), job prefix,
--       active lifetime in s, idempotency lifetime in s, then the hash's fields and values
-- Returns {outcome, id}: created, existing, mismatch or full.
local id, fingerprint = ARGV[1], ARGV[3]
-- The client repeats the script if the reply was lost; it would drop the upload of an existing job.
if redis.call('EXISTS', KEYS[1]) == 1 then
  return {'created', id}
end
if fingerprint ~= '' then
  local known = redis.call('HMGET', KEYS[2], 'job_id', 'fingerprint')
  if known[1] and redis.call('EXISTS', ARGV[4] .. known[1]) == 1 then
    if known[2] == fingerprint then
      return {'existing', known[1]}
    end
    return {'mismatch', known[1]}
  end
end
if redis.call('ZCARD', KEYS[3]) >= tonumber(ARGV[2]) then
  return {'full', ''}
end
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', KEYS[1], unpack(ARGV, 7))
redis.call('EXPIRE', KEYS[1], ARGV[5])
redis.call('ZADD', KEYS[3], now_ms, id)
redis.call('ZADD', KEYS[4], now_ms, id)
if fingerprint ~= '' then
  redis.call('HSET', KEYS[2], 'job_id', id, 'fingerprint', fingerprint)
  redis.call('EXPIRE', KEYS[2], ARGV[6])
  redis.call('HSET', KEYS[1], 'idempotency', KEYS[2])
end
return {'created', id}
