-- Playlists: the extraction of a playlist's entries for a batch.
local function batch_key(id) return P .. 'batch:' .. id end
local function drop_extraction(id, service)
  local remote = redis.call('HMGET', batch_key(id), 'listing.remote_id', 'listing.instance')
  if remote[1] then delete_later(service, remote[2], remote[1]) end
  redis.call('HDEL', batch_key(id), 'listing.remote_id', 'listing.instance')
end

function commands.TakePlaylists(args)
  local taken, due = {}, P .. 'listings'
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', due, '-inf', NOW, 'LIMIT', 0, args.limit)) do
    if exists(batch_key(id)) then
      redis.call('ZADD', due, NOW + args.visibility_timeout_ms, id)
      taken[#taken + 1] = id
    else
      redis.call('ZREM', due, id)
    end
  end
  return taken
end

function commands.CancelPlaylist(args)
  require_memory()
  local id = args.batch_id
  if not exists(batch_key(id)) then return false end
  redis.call('HSET', batch_key(id), 'is_cancelled', '1')
  redis.call('ZREM', P .. 'listings', id)
  drop_extraction(id, args.service)
  return true
end

function commands.WritePlaylist(args)
  require_memory()
  local id = args.batch_id
  local held = redis.call('HMGET', batch_key(id), 'listing.status', 'listing.attempt',
                          'is_cancelled', 'listing.remote_id')
  local late = args.set['listing.remote_id']
  if held[1] ~= 'pending' or tonumber(held[2]) ~= args.attempt or held[3] then
    if late and late ~= held[4] then
      delete_later(args.service, args.set['listing.instance'], late)
    end
    return false
  end
  if args.is_over or args.drops_remote then drop_extraction(id, args.service) end
  for field, value in pairs(args.set) do redis.call('HSET', batch_key(id), field, value) end
  if args.is_over then
    redis.call('ZREM', P .. 'listings', id)
    if args.has_jobs then redis.call('ZADD', P .. 'batches', NOW, id) end
  else
    redis.call('ZADD', P .. 'listings', NOW + args.due_in_ms, id)
  end
  return true
end
