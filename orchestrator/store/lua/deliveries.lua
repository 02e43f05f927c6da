-- Notices to clients' own addresses. ARGV: kind, then
-- `take`: limit, time until they are due again (ms). Returns {list of {id, number, url, record}, the instant}.
-- `note`: id, number, record before, record after, time until it is due again (ms, '' for never).
-- `resend`: id, number, record.
local kind, due = ARGV[1], P .. 'deliveries'
if kind == 'take' then
  local taken = {}
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', due, '-inf', NOW, 'LIMIT', 0, ARGV[2])) do
    local id, number = string.match(member, '^(.*):(%d+)$')
    local url = get(id, 'callback_url')
    local found = redis.call('HGET', job_key(id) .. ':deliveries', number)
    if url and found then
      redis.call('ZADD', due, NOW + tonumber(ARGV[3]), member)
      taken[#taken + 1] = {id, number, url, found}
    else
      redis.call('ZREM', due, member)  -- the job is gone
    end
  end
  return {taken, text(NOW)}
end

local id, number = ARGV[2], ARGV[3]
local key, member = job_key(id) .. ':deliveries', ARGV[2] .. ':' .. ARGV[3]
local held = redis.call('HGET', key, number)
if not held then return 0 end
if kind == 'resend' then
  redis.call('HSET', key, number, ARGV[4])
  redis.call('ZADD', due, NOW, member)
elseif held == ARGV[4] then
  redis.call('HSET', key, number, ARGV[5])
  if ARGV[6] == '' then
    redis.call('ZREM', due, member)
  else
    redis.call('ZADD', due, NOW + tonumber(ARGV[6]), member)
  end
end
return 1
