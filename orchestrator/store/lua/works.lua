-- Shared work: one remote job for all jobs that request the same work on the same input.
local function work_key(digest) return P .. 'work:' .. digest end
local WORK = {'holder', 'instance', 'remote_id', 'done_by'}  -- the other fields are jobs that use it

-- The jobs that use a remote job are stored in the entry that names it or, once one of them has
-- given the remote job up, in a key of their own.
local function users_key(digest, remote_id)
  local key = work_key(digest)
  if redis.call('HGET', key, 'remote_id') == remote_id then return key end
  return key .. ':users:' .. remote_id
end
local function refer(id, digest, remote_id)
  local key = users_key(digest, remote_id)
  if exists(key) then redis.call('HSET', key, 'job:' .. id, '') end
end
local function unrefer(id, digest, remote_id)
  redis.call('HDEL', users_key(digest, remote_id), 'job:' .. id)
end
local function is_used(digest)
  local facts = 0
  for _, fact in ipairs(redis.call('HMGET', work_key(digest), unpack(WORK))) do
    if fact then facts = facts + 1 end
  end
  return redis.call('HLEN', work_key(digest)) > facts
end
local function wake_followers(digest, calls)
  local followers = work_key(digest) .. ':followers'
  for _, id in ipairs(redis.call('SMEMBERS', followers)) do
    if redis.call('ZREM', P .. 'due', id) == 1 then calls[#calls + 1] = call_for(id) end
  end
  redis.call('DEL', followers)
end
-- Remove the entry's remote job, so that no further job joins it. The jobs that use it keep their
-- references; the last of them deletes it.
local function forget_work(digest, calls)
  local key = work_key(digest)
  local remote_id = redis.call('HGET', key, 'remote_id')
  redis.call('HDEL', key, unpack(WORK))
  if remote_id and exists(key) then redis.call('RENAME', key, users_key(digest, remote_id)) end
  wake_followers(digest, calls)
end
-- Drop a job's reference to its remote job, if any. Return true if no other job refers to it.
local function unshare(id, digest, remote_id, calls)
  local key = work_key(digest)
  redis.call('SREM', key .. ':followers', id)
  if not remote_id then
    if redis.call('HGET', key, 'holder') == id then forget_work(digest, calls) end
    return true
  end
  unrefer(id, digest, remote_id)
  local users = users_key(digest, remote_id)
  if users ~= key then return not exists(users) end
  if is_used(digest) then return false end
  forget_work(digest, calls)
  return true
end

-- Join the remote job for some work: attach to it, follow the job that submits it, or submit it.
local function join_work(id, digest, retention_ms)
  local key = work_key(digest)
  local work = redis.call('HMGET', key, 'holder', 'instance', 'remote_id')
  if work[3] then
    refer(id, digest, work[3])
    return {kind = 'attach', instance = work[2], remote_id = work[3]}
  end
  if work[1] and work[1] ~= id then
    local holder = redis.call('HMGET', job_key(work[1]), 'status', 'stage')
    local holds = holder[1] and not TERMINAL[holder[1]]
                  and get(work[1], holder[2] .. '.work') == digest
    if holds then return {kind = 'follow'} end
  end
  redis.call('HSET', key, 'holder', id)
  redis.call('PEXPIRE', key, retention_ms)
  return {kind = 'submit'}
end

-- Schedule the deletion of a remote job that nobody needs, even if the caller dies now.
local function delete_later(service, instance, remote_id)
  local member = as_row(DELETION_FIELDS, {
    service = service, instance = instance, remote_id = remote_id})
  redis.call('ZADD', P .. 'deletions', NOW, cjson.encode(member))
end

-- Detach a job from its work: from its remote job, or from one that it has joined but not stored.
local function drop_work(id, digest, service, remote_id, instance, calls)
  if not remote_id and redis.call('HEXISTS', work_key(digest), 'job:' .. id) == 1 then
    remote_id, instance = unpack(redis.call('HMGET', work_key(digest), 'remote_id', 'instance'))
  end
  local sole = unshare(id, digest, remote_id, calls)
  if remote_id and sole then delete_later(service, instance, remote_id) end
end
local function drop_remote(id, stage, service, calls)
  local remote = redis.call('HMGET', job_key(id), stage .. '.work', stage .. '.job_id',
                            stage .. '.instance')
  if remote[1] then drop_work(id, remote[1], service, remote[2], remote[3], calls) end
end

-- Apply a change of the entry that the owner of a job commits.
local function update_work(id, work, calls)
  local key = work_key(work.digest)
  if work.forget then
    unrefer(id, work.digest, work.forget)
    if redis.call('HGET', key, 'remote_id') == work.forget then forget_work(work.digest, calls) end
  elseif work.abandon then
    drop_work(id, work.digest, work.service, nil, nil, calls)
  else
    local other = redis.call('HGET', key, 'remote_id')
    if other and other ~= work.remote_id then forget_work(work.digest, calls) end
    redis.call('HSET', key, 'instance', work.instance, 'remote_id', work.remote_id)
    redis.call('HDEL', key, 'holder')
    redis.call('PEXPIRE', key, work.retention_ms)
    refer(id, work.digest, work.remote_id)
    wake_followers(work.digest, calls)
  end
end
-- Make a job that waits due when the work's holder has submitted; now if it already has.
local function follow_work(id, digest)
  local key = work_key(digest)
  if redis.call('HEXISTS', key, 'remote_id') == 1 or not exists(key) then
    redis.call('ZADD', P .. 'due', NOW, id)
  else
    redis.call('SADD', key .. ':followers', id)
    redis.call('PEXPIRE', key .. ':followers', 3600000)
  end
end
