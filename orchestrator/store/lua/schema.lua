-- Returns the schema version of the data, and raises it to this process's where that is newer.
-- ARGV: this process's version. Data without a version is that of release 1.0, which is 1.
local key, own = P .. 'schema', tonumber(ARGV[1])
local found = tonumber(redis.call('GET', key) or '1')
if found < own then redis.pcall('SET', key, text(own)) end  -- a full Redis refuses; the next may not
return found
