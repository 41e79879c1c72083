/**
 * A person's browser with one of Tencent's SDKs in it, and what the person's back end calls.
 */

import { createRequire } from 'node:module';

import { serveApp } from './browser.mjs';
import { Wrong, eventually, within } from './check.mjs';
import { SECRET } from './standin.mjs';

const { Api } = createRequire(import.meta.url)('tls-sig-api-v2');

/**
 * The packages as published, and the name under which each stands in a page. In what they differ: how many of 101 profiles they come back
 * with, what they call it when a user is a friend already, and whether they tell the page what it has just taken off its black list.
 */
export const CHAT = {
  name: 'chat', script: '@tencentcloud/chat/index.js', global: 'TencentCloudChat', profilesOf101: 101, alreadyFriends: 30001,
  tellsUnblocking: true,
};
export const TIM = {
  name: 'tim', script: 'tim-js-sdk/tim-js-friendship.js', global: 'TIM', profilesOf101: 100, alreadyFriends: 2701,
  tellsUnblocking: false,
};
/** A file of a package that exports another one, for bundlers. */
const packaged = file => new URL(`./node_modules/${file}`, import.meta.url).pathname;

/** Older and other packages, each tried with one visit. `isMapped`: it has no option for another server than the vendor's. */
export const CHAT_3_1 = { name: 'chat 3.1.1', script: 'tencentcloud-chat-3.1.1/index.js', global: 'TencentCloudChat' };
export const WX = { name: 'wx', script: 'tim-wx-sdk/tim-wx-friendship.js', global: 'TIM' };
export const LITE = {
  name: 'lite', script: packaged('@tencentcloud/lite-chat/professional.js'), global: 'TencentCloudChat', isMapped: true, hasFollowing: true,
};
export const LITE_1 = { ...LITE, name: 'lite 1.6.13', script: packaged('tencentcloud-lite-chat-1.6.13/professional.js') };
export const TIM_PLAIN = { name: 'tim without friendship', script: 'tim-js-sdk/tim-js.js', global: 'TIM' };

export const SDK_APP_ID = 1_400_000_001;
export const ADMINISTRATOR = 'administrator';

/** How long a UserSig of these runs holds, in seconds. */
const LIFETIME_S = 3_600;

/** A UserSig, by the vendor's own package. */
export const userSig = (userID, { secret = SECRET, sdkAppID = SDK_APP_ID, lifetimeS = LIFETIME_S } = {}) =>
  new Api(sdkAppID, secret).genSig(userID, lifetimeS);

/** A call of the server API by the app's administrator; the answer's body. */
export async function rest(standin, command, body, sig = userSig(ADMINISTRATOR), identifier = ADMINISTRATOR) {
  const query = new URLSearchParams({
    sdkappid: SDK_APP_ID, identifier, usersig: sig, random: 99999999, contenttype: 'json',
  });
  return (await standin.call('POST', `/v4/${command}?${query}`, { body })).json;
}

/** The value of a user's tag, as the server API shows it. */
export async function portrait(standin, userID, tag) {
  const answer = await rest(standin, 'profile/portrait_get', { To_Account: [userID], TagList: [tag] });
  return answer.UserProfileItem[0].ProfileItem.find(item => item.Tag === tag)?.Value;
}

/** Users of one SDK, each in its own browser. */
export class People {
  #browser;
  #app;
  #sdk;
  #server;

  constructor(browser, app, sdk, server) {
    [this.#browser, this.#app, this.#sdk, this.#server] = [browser, app, sdk, server];
  }

  /** `server` is the base address that the SDK is pointed at. */
  static async using(sdk, browser, server) {
    return new People(browser, await serveApp([sdk.script]), sdk, server.replace('http', 'ws'));
  }

  /** Somebody's page with an SDK that is created and not yet logged in. */
  async open() {
    const page = await (await this.#browser.newContext()).newPage();
    const person = new Person(page);
    await page.goto(this.#app.url);
    await this.#create(page);
    return person;
  }

  #create(page) {
    const server = this.#sdk.isMapped ? {} : { proxyServer: this.#server };
    return page.evaluate(create, [this.#sdk.global, { SDKAppID: SDK_APP_ID, ...server }]);
  }

  /** Somebody's page is loaded again, with what the browser has kept, and logs in. */
  async reload(person, userID) {
    await person.page.reload();
    await this.#create(person.page);
    await person.login(userID);
  }

  /** A user that is logged in and ready. */
  async enter(userID) {
    const person = await this.open();
    await person.login(userID);
    return person;
  }

  close() {
    this.#app.close();
  }
}

/** Runs in the page. */
function create([global, options]) {
  const SDK = window[global];
  const chat = SDK.create(options);
  chat.setLogLevel(4);
  window.heard = [];
  for (const [name, event] of Object.entries(SDK.EVENT)) {
    chat.on(event, ({ data }) => {
      const value = data === undefined ? undefined : JSON.parse(JSON.stringify(data));
      window.heard.push({ name, value, at: Date.now() });
    });
  }
  Object.assign(window, { TencentCloudChat: SDK, chat });
}

class Person {
  /** How many sockets the SDK has opened so far. */
  sockets = 0;

  /** Uncaught errors of the page. */
  faults = [];

  constructor(page) {
    this.page = page;
    page.on('websocket', () => (this.sockets += 1));
    page.on('pageerror', fault => this.faults.push(String(fault)));
  }

  /** A call of the SDK by its name: `{ kept, at }`, or `{ refused, at }` with code and message; `at` is when it was made. */
  call(name, ...args) {
    return within(name, this.page.evaluate(async ([name, args]) => {
      const plain = value => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));
      const at = Date.now();
      try {
        return { kept: plain((await window.chat[name](...args))?.data), at };
      } catch (reason) {
        return { refused: { code: reason?.code, message: reason?.message }, at };
      }
    }, [name, args]));
  }

  /** Sends a text: `{ kept }` with the id and the status of the message, or `{ refused }` with code and message. */
  say(to, text) {
    return within('sendMessage', this.page.evaluate(async ([to, text]) => {
      const { chat, TencentCloudChat: SDK } = window;
      const message = chat.createTextMessage({ to, conversationType: SDK.TYPES.CONV_C2C, payload: { text } });
      try {
        const { ID, status } = (await chat.sendMessage(message)).data.message;
        return { kept: { ID, status } };
      } catch (reason) {
        return { refused: { code: reason?.code, message: reason?.message } };
      }
    }, [to, text]));
  }

  /** The data of a call that must not be refused. */
  async keep(name, ...args) {
    const { kept, refused } = await this.call(name, ...args);
    if (refused) throw new Wrong(`${name}(${JSON.stringify(args)}): refused with ${refused.code} ${refused.message}`);
    return kept;
  }

  /** The code of a call that must be refused, undefined where the SDK gives none. */
  async refuse(name, ...args) {
    const { kept, refused } = await this.call(name, ...args);
    if (!refused) throw new Wrong(`${name}(${JSON.stringify(args)}): not refused, but ${JSON.stringify(kept)}`);
    return refused.code;
  }

  /** Logs in, and waits until the SDK is ready. */
  async login(userID, sig = userSig(userID)) {
    await this.forget();
    const answer = await this.keep('login', { userID, userSig: sig });
    await this.hears('SDK_READY');
    return answer;
  }

  /** All that an event has said and is not forgotten: each `{ value, at }`. */
  heard(event) {
    return this.page.evaluate(event => window.heard.filter(heard => heard.name === event), event);
  }

  /** The first that an event says, or has said, that `wanted` takes: `{ value, at }`. */
  hears(event, wanted = () => true) {
    return eventually(event, async () => (await this.heard(event)).find(({ value }) => wanted(value)));
  }

  /** Forgets what an event has said, or every event. */
  forget(event) {
    return this.page.evaluate(event => {
      window.heard = window.heard.filter(heard => event && heard.name !== event);
    }, event);
  }

  close() {
    return this.page.context().close();
  }
}
