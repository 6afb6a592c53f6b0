import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemRandom } from '../../base/random.ts';
import { Vault } from './vault.ts';

test('a sealed secret opens with the same master key, under the same name, unchanged; else not', () => {
  const vault = new Vault('a master key', systemRandom);
  const secret = 'the secret of a key';
  const sealed = vault.seal(secret, 'AKIA1');
  assert.equal(sealed.includes(secret), false);
  assert.notDeepEqual(vault.seal(secret, 'AKIA1'), sealed);
  assert.equal(new Vault('a master key', systemRandom).open(sealed, 'AKIA1'), secret);
  const refused = { message: /^The secret of AKIA\d does not open with this master key$/ };
  assert.throws(() => new Vault('another master key', systemRandom).open(sealed, 'AKIA1'), refused);
  assert.throws(() => vault.open(sealed, 'AKIA2'), refused);
  for (const at of sealed.keys()) {
    const changed = Buffer.from(sealed);
    changed[at]! ^= 1;
    assert.throws(() => vault.open(changed, 'AKIA1'), refused);
  }
});
