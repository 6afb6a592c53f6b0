import assert from 'node:assert/strict';
import { test } from 'node:test';
import { regionlessSmtpPassword, smtpPassword } from './smtp-password.ts';

const check = (secret: string, region: string, password: string) =>
  assert.equal(smtpPassword(secret, region), password);

test('the SMTP password is derived from secret and region (published vectors)', () => {
  const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
  check(secret, 'us-east-1', 'BLBM/9hSUELfq8Gw+rU1YcBjkOxGbhT2XG763xVLGWL9');
  check(secret, 'us-west-2', 'BF2PynzbSCAjX08zhZZnP/kW+T9P5zs/1Er0pi5vTEmd');
  check(secret, 'eu-west-1', 'BMW5RDrXmmVs0lV7GpI4oLkHXpZ4stDsk6q91z1g38Pk');
  check(secret, 'eu-central-1', 'BF0/eIJm0ruTHsSjOkRuOGzGF+zeSyE3aiRzrzUQ8LwG');
  check(secret, 'sa-east-1', 'BMaY55NZ29oKHOmwPeGZOue+QPW4b9Vwt4rVGhRfAK+4');
  check('some+secret+key', 'eu-central-1', 'BMXhUYlu5Z3gSXVQORxlVa7XPaz91aGWdfHxvkOZdWZ2');
  check('some+secret+key', 'us-west-1', 'BH+jbMzper5WwlwUar9E1ySBqHa9whi0GPo+sJ0mVYJj');
  check('another+secret+key', 'us-west-1', 'BKVmjjMDFk/qqw8EROW99bjCS65PF8WKvK5bSr4Y6EqF');
});

test('the old form knows no region', () => {
  const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
  assert.equal(regionlessSmtpPassword(secret), 'An60U4ZD3sd4fg+FvXUjayOipTt8LO4rUUmhpdX6ctDy');
});
