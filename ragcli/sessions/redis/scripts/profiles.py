"""Scripts that make, show, rename and remove a profile; see `scripts`."""

from __future__ import annotations

from ragcli.sessions.redis.scripts.script import Script

OPEN = Script(
    "open",
    """
if redis.call('EXISTS', META) == 0 then return {'none'} end
local meta = redis.call('HGETALL', META)
if redis.call('HEXISTS', META, 'id') == 1 and ARGV[5] == 'use' then touch() end
local signing = redis.call('GET', base .. 'akey') or ''
return {'ok', meta, redis.call('HGETALL', base .. 'keys'), signing}
""",
)

BEGIN = Script(
    "begin",
    """
if redis.call('HEXISTS', META, 'id') == 1 then return {'taken'} end
if redis.call('EXISTS', META) == 1 and redis.call('HEXISTS', META, 'new') == 0 then
  return {'foreign'}
end
for _, name in ipairs(NAMES) do
  if name ~= 'fence' then redis.call('UNLINK', base .. name) end
end
redis.call('HSET', META, 'new', ID)
touch()
return {'ok'}
""",
    durable=True,
)

SHOW = Script(
    "show",
    """
if redis.call('HGET', META, 'id') == ID then settle() return {'ok'} end
local no = refused()
if no then return no end
redis.call('HDEL', META, 'new')
redis.call('HSET', META, 'id', ID)
for i = 5, #ARGV, 2 do redis.call('HSET', META, ARGV[i], ARGV[i + 1]) end
touch()
return {'ok'}
""",
    durable=True,
)

SWAP = Script(
    "swap",
    """
-- Puts the profile that was made beside this one in its place. ARGV: token of the
-- ingest lock, the new id, whether it is encrypted; head, length of the audit log,
-- epoch and generation that it was made from.
if redis.call('HGET', META, 'id') == ARGV[6] then settle() return {'ok'} end
local no = refused()
if no then return no end
local from = string.sub(KEYS[2], 1, -5)
if redis.call('HGET', base .. 'fence', 'ingest') ~= ARGV[5] then return {'fenced'} end
if redis.call('HGET', KEYS[2], 'new') ~= ARGV[6] then return {'over'} end
local kept = {'epoch', 'aseq', 'v', 'created', 'settings', 'ttl'}
local now = redis.call('HMGET', META, unpack(kept))
local live = redis.call('HGET', base .. 'gens', 'current') or ''
if (now[1] or '0') ~= ARGV[10] or live ~= ARGV[11] then return {'over'} end
if tip() ~= tonumber(ARGV[8]) or (now[2] or '0') ~= ARGV[9] then return {'again'} end
for i, field in ipairs(kept) do
  if now[i] then redis.call('HSET', KEYS[2], field, now[i]) end
end
redis.call('HSET', KEYS[2], 'id', ARGV[6], 'encrypted', ARGV[7])
redis.call('HDEL', KEYS[2], 'new')
for _, name in ipairs(NAMES) do
  if name ~= 'fence' then
    redis.call('UNLINK', base .. name)
    if redis.call('EXISTS', from .. name) == 1 then
      redis.call('RENAME', from .. name, base .. name)
    end
  end
end
redis.call('UNLINK', from .. 'fence')
touch()
return {'ok'}
""",
    durable=True,
)

DELETE = Script(
    "delete",
    """
local fence = base .. 'fence'
if TOKEN ~= '' and redis.call('EXISTS', META) == 0
  and redis.call('HGET', fence, LOCK) == TOKEN then
  redis.call('PEXPIRE', fence, 86400000)
  return {'ok'}
end
local no = refused()
if no then return no end
for _, name in ipairs(NAMES) do
  if name ~= 'fence' then redis.call('UNLINK', base .. name) end
end
redis.call('PEXPIRE', base .. 'fence', 86400000)
return {'ok'}
""",
    durable=True,
)

RENAME = Script(
    "rename",
    """
local target = string.sub(KEYS[2], 1, -5)
if redis.call('HGET', KEYS[2], 'id') == ID then settle(KEYS[2]) return {'ok'} end
local no = refused()
if no then return no end
if redis.call('HEXISTS', KEYS[2], 'id') == 1 then return {'taken'} end
for _, name in ipairs(NAMES) do
  if name ~= 'fence' then
    redis.call('UNLINK', target .. name)
    if redis.call('EXISTS', base .. name) == 1 then
      redis.call('RENAME', base .. name, target .. name)
    end
  end
end
redis.call('PEXPIRE', base .. 'fence', 86400000)
return {'ok'}
""",
    durable=True,
)
