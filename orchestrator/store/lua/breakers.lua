-- Circuit breakers of services and of their instances.
local function breaker_name(name) return P .. 'breaker:' .. name end
-- The breaker of the instance that has a stage's remote job, or the service's if it has none.
local function breaker_key(id, stage, service)
  local own = breaker_name(service .. '@' .. (get(id, stage .. '.instance') or ''))
  return exists(own) and own or breaker_name(service)
end

function commands.RecordFailure(args)
  local key = breaker_name(args.name)
  local failures = redis.call('HINCRBY', key, 'failures', 1)
  if failures >= args.threshold then
    redis.call('HSETNX', key, 'opened_at', text(NOW))
    redis.call('HSET', key, 'probe_at', text(NOW + args.open_ms))
  end
  redis.call('PEXPIRE', key, math.max(args.open_ms * 10, 600000))
  return failures
end

function commands.TakeProbe(args)
  local key = breaker_name(args.name)
  if tonumber(redis.call('HGET', key, 'probe_at') or '0') > NOW then return false end
  redis.call('HSET', key, 'probe_at', text(NOW + args.open_ms))
  return true
end
