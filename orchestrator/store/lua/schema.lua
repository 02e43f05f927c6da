-- The schema version of the data. Data without a version is that of release 1.0, which is 1.

-- Return the version found, and raise it to this process's where that is newer.
function commands.RaiseSchema(args)
  local found = tonumber(redis.call('GET', P .. 'schema') or '1')
  if found < args.version then
    redis.pcall('SET', P .. 'schema', text(args.version))  -- a later process retries if Redis is full
  end
  return found
end
