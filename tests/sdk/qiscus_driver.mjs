/**
 * The published SDK behind a few calls whose arguments and answers are plain JSON, so that one list of checks drives it in Node and in a
 * page alike. `makeDriver` is handed to the page as text: it may name nothing outside itself.
 */

export function makeDriver(SDK) {
  const clients = [];
  /** What an app is called back with. */
  const CALLBACKS = [
    'newMessagesCallback', 'loginSuccessCallback', 'loginErrorCallback', 'authTokenRefreshedCallback', 'updateProfileCallback',
    'blockUserCallback', 'unblockUserCallback', 'commentDeliveredCallback', 'commentReadCallback', 'commentDeletedCallback',
    'messageUpdatedCallback', 'typingCallback', 'presenceCallback',
  ];

  const plain = value => (value === undefined ? null : JSON.parse(JSON.stringify(value)));

  /** An outcome that crosses into the page and back: errors do not. */
  const outcome = async promised => {
    try {
      return { kept: plain(await promised) };
    } catch (reason) {
      const answer = reason?.response ?? reason;
      return { refused: plain({ status: answer?.status, body: answer?.body, message: String(reason?.message ?? reason) }) };
    }
  };

  return {
    /** Makes a client and initialises it; answers its number. */
    async open(options) {
      const sdk = new SDK();
      const heard = Object.fromEntries(CALLBACKS.map(name => [name, []]));
      const callbacks = Object.fromEntries(CALLBACKS.map(name => [name, told => heard[name].push(told)]));
      const at = clients.push({ sdk, heard }) - 1;
      await sdk.init({ ...options, options: callbacks });
      return at;
    },

    /** Calls a method of the SDK. */
    call(at, method, args) {
      const { sdk } = clients[at];
      return outcome((async () => sdk[method](...args))());
    },

    /** A property of the SDK. */
    look(at, property) {
      return plain(clients[at].sdk[property]);
    },

    /** How often an app was called back, and with what. */
    heard(at, callback) {
      return plain(clients[at].heard[callback].map(told => (told instanceof Error ? told.message : told)));
    },

    /** `upload`, of what the platform calls a file. */
    upload(at, file) {
      return outcome(clients[at].sdk.upload(file, () => {}));
    },
  };
}
