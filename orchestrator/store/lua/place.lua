-- Chooses the instance of a service that gets a stage's remote job: of those that are not left
-- alone, the one with the fewest. It is noted before anything is sent, so whoever repeats the
-- submission goes to the same one, which knows the idempotency key; unless that one is sick.
-- ARGV: id, lease number, stage, service, open (ms), instances.
-- Returns {instance, whether it has failed lately}, '' where all are left alone, or false where
-- the lease is lost.
need_room()
local id, number, stage, service, open_ms = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local job = redis.call('HMGET', job_key(id), 'status', 'lease.number', 'lease.worker',
                       stage .. '.instance')
if not job[1] or TERMINAL[job[1]] or job[2] ~= number or not job[3] then return false end

local function given_to(instance) return P .. 'placed:' .. service .. '@' .. instance end
local function breaker_of(instance) return P .. 'breaker:' .. service .. '@' .. instance end
local chosen, fewest, is_trial
for place = 6, #ARGV do
  local instance = ARGV[place]
  local breaker = redis.call('HMGET', breaker_of(instance), 'opened_at', 'probe_at')
  local is_open = breaker[1] and true or false
  if not is_open or tonumber(breaker[2] or 0) <= NOW then
    local count = redis.call('SCARD', given_to(instance))
    if instance == job[4] and not is_open then count = -1 end
    if not chosen or count < fewest then chosen, fewest, is_trial = instance, count, is_open end
  end
end
if not chosen then return '' end
if is_trial then redis.call('HSET', breaker_of(chosen), 'probe_at', text(NOW + open_ms)) end
unplace(id)
redis.call('SADD', given_to(chosen), id)
set(id, stage .. '.instance', chosen, 'placed', given_to(chosen))
return {chosen, redis.call('EXISTS', breaker_of(chosen))}
