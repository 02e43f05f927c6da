-- Counts a request in its window. ARGV: bucket, window (s), amount.
-- Returns {requests in this window, milliseconds until it ends}.
local key, amount = P .. 'limits:' .. ARGV[1], tonumber(ARGV[3])
local count = redis.call('INCRBY', key, amount)
if count == amount then redis.call('EXPIRE', key, ARGV[2]) end
return {count, redis.call('PTTL', key)}
