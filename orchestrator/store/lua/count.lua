-- Counts a request in its window. ARGV: bucket, window (s), the job that it asks for or ''.
-- Returns {requests in this window, milliseconds until it ends, the job's hash or an empty list}.
local key, id = P .. 'limits:' .. ARGV[1], ARGV[3]
local count = redis.call('INCR', key)
if count == 1 then redis.call('EXPIRE', key, ARGV[2]) end
return {count, redis.call('PTTL', key), id == '' and {} or redis.call('HGETALL', job_key(id))}
