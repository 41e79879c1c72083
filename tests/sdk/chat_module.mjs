/** The package @tencentcloud/chat as a bundler gives it to those that import it: the page has loaded its main file as a script. */
export default globalThis.TencentCloudChat;
