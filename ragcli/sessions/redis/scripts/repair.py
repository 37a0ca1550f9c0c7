"""Scripts that mend a profile: what is damaged goes to a stream of its own.

quarantine  stream   w: where it stood, l: its bytes
"""

from __future__ import annotations

from ragcli.sessions.redis.scripts.script import Script

MEND_LOG = Script(
    "mend log",
    """
-- ARGV: head and epoch that were looked at; seq, id, time and line of the redaction;
-- then the entries that go, each with the id that it is known by, or "".
local no = refused()
if no then return no end
local ids, old, new = base .. 'ids', base .. 'log', base .. 'stage:log'
if redis.call('HGET', ids, ARGV[8]) then settle() return {'ok'} end
local epoch = redis.call('HGET', META, 'epoch') or '0'
if tip() ~= tonumber(ARGV[5]) or epoch ~= ARGV[6] then return {'again'} end
local gone = {}
for i = 11, #ARGV, 2 do gone[ARGV[i]] = ARGV[i + 1] end
redis.call('DEL', new)
for _, entry in ipairs(redis.call('XRANGE', old, '-', '+')) do
  if gone[entry[1]] then
    redis.call('XADD', base .. 'quarantine', '*', 'w', 'log ' .. entry[1],
      'l', table.concat(entry[2], ' '))
  else
    redis.call('XADD', new, entry[1], 'l', entry[2][2])
  end
end
for _, id in pairs(gone) do
  if id ~= '' then redis.call('HDEL', ids, id) end
end
redis.call('XADD', new, ARGV[7] .. '-0', 'l', ARGV[10])
redis.call('RENAME', new, old)
redis.call('HSET', ids, ARGV[8], ARGV[7])
redis.call('HSET', META, 'head', ARGV[7], 'ts', ARGV[9], 'epoch', epoch + 1)
touch()
return {'ok'}
""",
    durable=True,
)

MEND_AUDIT = Script(
    "mend audit",
    """
-- ARGV: length and last MAC as they are told; how many entries are sound, and the MAC
-- of the last of them.
local no = refused()
if no then return no end
local now = redis.call('HMGET', META, 'aseq', 'amac')
if (now[1] or '0') ~= ARGV[5] or (now[2] or '') ~= ARGV[6] then return {'again'} end
local old, new = base .. 'audit', base .. 'stage:audit'
redis.call('DEL', new)
for i, entry in ipairs(redis.call('XRANGE', old, '-', '+')) do
  if i <= tonumber(ARGV[7]) then
    redis.call('XADD', new, i .. '-0', 'l', entry[2][2])
  else
    redis.call('XADD', base .. 'quarantine', '*', 'w', 'audit ' .. entry[1],
      'l', table.concat(entry[2], ' '))
  end
end
redis.call('UNLINK', old)
if redis.call('EXISTS', new) == 1 then redis.call('RENAME', new, old) end
redis.call('HSET', META, 'aseq', ARGV[7], 'amac', ARGV[8])
touch()
return {'ok'}
""",
    durable=True,
)

SET_ASIDE = Script(
    "set aside",
    """
-- ARGV: a hash of the profile, then fields of it.
local no = refused()
if no then return no end
local hash = base .. ARGV[5]
for i = 6, #ARGV do
  local data = redis.call('HGET', hash, ARGV[i])
  if data then
    redis.call('XADD', base .. 'quarantine', '*', 'w', ARGV[5] .. ' ' .. ARGV[i],
      'l', data)
    redis.call('HDEL', hash, ARGV[i])
  end
  local live = ARGV[5] == 'gens' and redis.call('HGET', hash, 'current')
  if live and ARGV[i] == 'm:' .. live then
    redis.call('HDEL', hash, 'current', 'digest')
  end
end
settle()
touch()
return {'ok'}
""",
    durable=True,
)
