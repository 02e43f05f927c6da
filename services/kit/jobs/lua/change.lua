-- Write to a job that exists and is not terminal, if the writer may do so.
-- KEYS: job, waiting, running, totals
-- ARGV: id, who may write (waiting = a new owner of a waiting job, owner = its owner, anyone),
--       the writer's token, channel of changes, lifetime in s, lease in ms, then the hash's
--       fields and values
-- Returns 1 if the write was applied, now or by an earlier call whose reply was lost.
local expected, token = ARGV[2], ARGV[3]
local job = redis.call('HMGET', KEYS[1], 'status', 'owner', 'tag')
local status, owner, tag = job[1], job[2], job[3]
if not status then
  return 0
end
local fields = {}
for i = 7, #ARGV, 2 do
  fields[ARGV[i]] = ARGV[i + 1]
end
local function is_terminal(name)
  return name == 'completed' or name == 'failed' or name == 'cancelled'
end
if is_terminal(status) then
  return (fields['status'] == status and owner == token) and 1 or 0
end
if expected == 'waiting' and status ~= 'queued' and owner ~= token then
  return 0
end
if expected == 'owner' and owner ~= token then
  return 0
end
redis.call('HSET', KEYS[1], unpack(ARGV, 7))
redis.call('EXPIRE', KEYS[1], ARGV[5])
if expected == 'waiting' then
  if owner ~= token then
    redis.call('HINCRBY', KEYS[1], 'runs', 1)
  end
  local time = redis.call('TIME')
  local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
  redis.call('ZADD', KEYS[3], now_ms + ARGV[6], ARGV[1])
end
if fields['status'] and fields['status'] ~= 'queued' then
  redis.call('ZREM', KEYS[2], ARGV[1])
end
if is_terminal(fields['status']) then
  redis.call('ZREM', KEYS[3], ARGV[1])
  redis.call('HINCRBY', KEYS[4], fields['status'], 1)
end
if fields['tag'] and fields['tag'] ~= tag then
  redis.call('PUBLISH', ARGV[4], ARGV[1])
end
return 1
