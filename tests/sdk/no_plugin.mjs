/** In place of the UIKit's plugins for files and for words that are not to be said: neither is of the user side. */
export default class NoPlugin {}
