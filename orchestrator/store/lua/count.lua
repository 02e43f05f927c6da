-- Counts a request in its window. ARGV: bucket, window (s).
-- Returns {requests in this window, milliseconds until it ends}.
local key = P .. 'limits:' .. ARGV[1]
local count = redis.call('INCR', key)
if count == 1 then redis.call('EXPIRE', key, ARGV[2]) end
return {count, redis.call('PTTL', key)}
