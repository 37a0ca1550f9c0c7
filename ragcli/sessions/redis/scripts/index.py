"""Scripts over the blocks and generations of a profile's index; see `scripts`."""

from __future__ import annotations

from ragcli.sessions.redis.scripts.script import Script

HAVE = Script(
    "have",
    """
local found = {}
for i = 5, #ARGV do
  local bucket = base .. 'blk:' .. string.sub(ARGV[i], 1, 1)
  table.insert(found, redis.call('HEXISTS', bucket, ARGV[i]))
end
return {'ok', found}
""",
)

PUT = Script(
    "put",
    """
local no = refused()
if no then return no end
for i = 5, #ARGV, 2 do
  redis.call('HSET', base .. 'blk:' .. string.sub(ARGV[i], 1, 1), ARGV[i], ARGV[i + 1])
end
touch()
return {'ok'}
""",
    durable=True,
)

PUBLISH = Script(
    "publish",
    """
-- ARGV: name, parent, digest of the manifest, manifest, blocks of each file, how
-- many generations stay.
local gens = base .. 'gens'
local function collect()
  local names = {}
  for _, field in ipairs(redis.call('HKEYS', gens)) do
    local name = string.match(field, '^m:(.*)$')
    if name then table.insert(names, name) end
  end
  table.sort(names, function(a, b) return #a == #b and a > b or #a > #b end)
  local wanted = {}
  for i, name in ipairs(names) do
    if i > tonumber(ARGV[10]) then
      redis.call('HDEL', gens, 'm:' .. name, 'b:' .. name)
    else
      for _, blocks in pairs(cjson.decode(redis.call('HGET', gens, 'b:' .. name))) do
        for _, sha in ipairs(blocks) do wanted[sha] = true end
      end
    end
  end
  for digit in string.gmatch('0123456789abcdef', '.') do
    local bucket = base .. 'blk:' .. digit
    for _, sha in ipairs(redis.call('HKEYS', bucket)) do
      if not wanted[sha] then redis.call('HDEL', bucket, sha) end
    end
  end
end
local known = redis.call('HMGET', gens, 'current', 'digest', 'number')
local live, number = known[1] or '', tonumber(known[3] or '0')
local no = refused()
if no then return no end
if live == ARGV[5] and known[2] == ARGV[7] then
  collect()
  settle()
  return {'ok'}
end
if live ~= ARGV[6] then return {'conflict', live} end
local mine = tonumber(string.match(ARGV[5], '%d+$'))
if mine <= number then return {'again', number} end
local missing = {}
for _, blocks in pairs(cjson.decode(ARGV[9])) do
  for _, sha in ipairs(blocks) do
    if redis.call('HEXISTS', base .. 'blk:' .. string.sub(sha, 1, 1), sha) == 0 then
      table.insert(missing, sha)
    end
  end
end
if #missing > 0 then return {'missing', missing} end
redis.call('HSET', gens, 'current', ARGV[5], 'digest', ARGV[7], 'number', mine,
  'm:' .. ARGV[5], ARGV[8], 'b:' .. ARGV[5], ARGV[9])
collect()
touch()
return {'ok'}
""",
    durable=True,
)
