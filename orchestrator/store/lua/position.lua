-- How many jobs stand before this one in the line of its service, itself included.
-- ARGV: id, service. Returns 0 where it does not stand in line.
local id, service = ARGV[1], ARGV[2]
local job = redis.call('HMGET', job_key(id), 'priority', 'client')
if not job[1] then return 0 end
local clients = line_key(service, job[1])
local rank = redis.call('ZRANK', clients .. ':' .. job[2], id)
if not rank then return 0 end

local position = rank + 1
local own_turn = redis.call('ZRANK', clients, job[2])
for turn, client in ipairs(redis.call('ZRANGE', clients, 0, -1)) do
  if client ~= job[2] then
    -- Clients take turns, so each of the others goes at most once for each of ours.
    local rounds = turn - 1 < own_turn and rank + 1 or rank
    position = position + math.min(rounds, redis.call('ZCARD', clients .. ':' .. client))
  end
end
for _, priority in ipairs(PRIORITIES) do
  if priority == job[1] then break end
  local before = line_key(service, priority)
  for _, client in ipairs(redis.call('ZRANGE', before, 0, -1)) do
    position = position + redis.call('ZCARD', before .. ':' .. client)
  end
end
return position
