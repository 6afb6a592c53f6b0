import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulated } from './simulator.ts';

const check = (address: string, expected: string | undefined) => assert.equal(simulated(address), expected);

test('the simulator is known by domain and mailbox, whatever the label', () => {
  check('success@simulator.amazonses.com', 'success');
  check('Bounce+order17@Simulator.AmazonSES.com', 'bounce');
  check('complaint+a+b@simulator.amazonses.com', 'complaint');
  check('ooto@simulator.amazonses.com', 'ooto');
  check('suppressionlist@simulator.amazonses.com', 'suppressionlist');
  check('blacklist@simulator.amazonses.com', 'suppressionlist');
  check('bounce-x@simulator.amazonses.com', 'bounce');
  check('constructor@simulator.amazonses.com', 'bounce');
  check('success@amazonses.com', undefined);
  check('success@simulator.amazonses.com.example', undefined);
});
