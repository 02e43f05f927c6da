-- Counts a service's failures. ARGV: service, event (failure, success, probe), threshold, open (ms).
-- `probe` asks for the one trial of a breaker that was open long enough: returns 1 where granted.
local key = P .. 'breaker:' .. ARGV[1]
local event, threshold, open_ms = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
if event == 'success' then
  return redis.call('DEL', key)
elseif event == 'probe' then
  local next_probe = tonumber(redis.call('HGET', key, 'probe_at') or '0')
  if next_probe > NOW then return 0 end
  redis.call('HSET', key, 'probe_at', text(NOW + open_ms))
  return 1
end
local failures = redis.call('HINCRBY', key, 'failures', 1)
if failures >= threshold then
  redis.call('HSETNX', key, 'opened_at', text(NOW))
  redis.call('HSET', key, 'probe_at', text(NOW + open_ms))
end
redis.call('PEXPIRE', key, math.max(open_ms * 10, 600000))
return failures
