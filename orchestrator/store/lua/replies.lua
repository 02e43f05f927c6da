-- Replies by idempotency key. The key holds a claim until its request has been answered.
local function reply_key(args) return P .. 'reply:' .. args.key end
local function is_claimed(args)
  local entry = redis.call('GET', reply_key(args))
  return entry and cjson.decode(entry).token == args.token
end

function commands.RenewClaim(args)
  if not is_claimed(args) then return false end
  redis.call('PEXPIRE', reply_key(args), args.lifetime_ms)
  return true
end

function commands.KeepReply(args)
  if not is_claimed(args) then return false end
  redis.call('SET', reply_key(args), args.entry, 'PX', args.lifetime_ms)
  return true
end

function commands.ForgetClaim(args)
  if not is_claimed(args) then return false end
  redis.call('DEL', reply_key(args))
  return true
end
