-- Changes what an idempotency key stands for, as long as it is the claim of the request that asks.
-- ARGV: key, token, `renew`, `keep` or `forget`, lifetime (ms), entry (JSON).
-- Returns 1, or 0 where the claim is gone or somebody else's by now.
local key = P .. 'reply:' .. ARGV[1]
local entry = redis.call('GET', key)
if not entry or cjson.decode(entry).token ~= ARGV[2] then return 0 end
if ARGV[3] == 'renew' then
  redis.call('PEXPIRE', key, ARGV[4])
elseif ARGV[3] == 'keep' then
  redis.call('SET', key, ARGV[5], 'PX', ARGV[4])
else
  redis.call('DEL', key)
end
return 1
