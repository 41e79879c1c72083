/**
 * The package qiscus-sdk-core against the built server.
 */

import { check } from './check.mjs';
import { Standin } from './standin.mjs';

export async function run(binary) {
  const house = await Standin.fresh(binary);
  try {
    const made = await house.qiscusRest('POST', 'login_or_register', { user_id: 'guest', username: 'Guest', password: 'p' });
    check('a back end makes a user', made.status, 200);
  } finally {
    await house.close();
  }
}
