-- The listing of a playlist for a batch. ARGV: kind, then
-- `take`: limit, time until they are due again (ms). Returns ids.
-- `write`: id, attempt, service, change (JSON: set, clear, due_in_ms or over). Refused (0) where
--   the batch is gone or cancelled, or its listing is over or in another attempt. With `over` it
--   is not due any more, and with `has_jobs` too these are to be submitted. A remote job that is
--   not needed any more, or whose id comes too late, is deleted.
-- `cancel`: id, service. Also for batches without a listing; refused where there is no batch.
local function batch_key(id) return P .. 'batch:' .. id end
local function drop_listing(id, service)
  local remote = redis.call('HMGET', batch_key(id), 'listing.remote_id', 'listing.instance')
  if remote[1] then delete_later(service, remote[2], remote[1]) end
  redis.call('HDEL', batch_key(id), 'listing.remote_id', 'listing.instance')
end

local kind, listings = ARGV[1], P .. 'listings'
if kind == 'take' then
  local taken = {}
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', listings, '-inf', NOW, 'LIMIT', 0, ARGV[2])) do
    if redis.call('EXISTS', batch_key(id)) == 1 then
      redis.call('ZADD', listings, NOW + tonumber(ARGV[3]), id)
      taken[#taken + 1] = id
    else
      redis.call('ZREM', listings, id)
    end
  end
  return taken
end

need_room()
local id = ARGV[2]
if kind == 'cancel' then
  if redis.call('EXISTS', batch_key(id)) == 0 then return 0 end
  redis.call('HSET', batch_key(id), 'is_cancelled', '1')
  redis.call('ZREM', listings, id)
  drop_listing(id, ARGV[3])
  return 1
end

local attempt, service, change = ARGV[3], ARGV[4], cjson.decode(ARGV[5])
local held = redis.call('HMGET', batch_key(id), 'listing.status', 'listing.attempt',
                        'is_cancelled', 'listing.remote_id')
local late = change.set['listing.remote_id']
if held[1] ~= 'pending' or held[2] ~= attempt or held[3] then
  if late and late ~= held[4] then
    delete_later(service, change.set['listing.instance'], late)
  end
  return 0
end
if change.over or change.begins_anew then drop_listing(id, service) end
for field, value in pairs(change.set) do redis.call('HSET', batch_key(id), field, value) end
if change.over then
  redis.call('ZREM', listings, id)
  if change.has_jobs then redis.call('ZADD', P .. 'batches', NOW, id) end
else
  redis.call('ZADD', listings, NOW + change.due_in_ms, id)
end
return 1
