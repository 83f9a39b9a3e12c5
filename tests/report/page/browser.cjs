// Opens a page in a browser, and prints as JSON what is seen there. Arguments: the browser, the page, and the folder
// for pictures. It needs puppeteer-core in NODE_PATH.
const puppeteer = require("puppeteer-core");
const [executablePath, page, folder] = process.argv.slice(2);
const args = ["--no-sandbox", "--no-zygote", "--single-process", "--in-process-gpu", "--use-gl=angle", "--use-angle=swiftshader", "--ignore-gpu-blocklist"];

const drawnAgain = (tab) => tab.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done)))));

// Whether all of an element is on the screen, and in a part that scrolls by itself.
async function isSeen(tab, selector, within) {
  return tab.evaluate((selector, within) => {
    const { left, right, top, bottom } = document.querySelector(selector).getBoundingClientRect();
    const frame = within ? document.querySelector(within).getBoundingClientRect() : { left: 0, top: 0, right: innerWidth, bottom: innerHeight };
    return left >= frame.left - 1 && right <= frame.right + 1 && top >= frame.top - 1 && bottom <= Math.min(frame.bottom, innerHeight) + 1;
  }, selector, within);
}

// Follow an edge: of a box, to what it is connected with.
async function follow(tab) {
  await tab.$$eval("#views button", (found) => found[1].click());
  await tab.select("select[aria-label=Namespace]", "team-7");
  await drawnAgain(tab);
  await (await tab.$(".node")).click();
  await tab.$$eval(".side .link", (found) => found[found.length - 1].click());
  await drawnAgain(tab);
  return { box: await isSeen(tab, ".node.chosen", ".canvas"), connections: await isSeen(tab, ".side h3") };
}

async function look(browser, width, height, scheme, more) {
  const tab = await browser.newPage();
  const said = [], asked = [];
  tab.on("console", (message) => said.push(message.text()));
  tab.on("pageerror", (error) => said.push(String(error)));
  tab.on("request", (request) => asked.push(request.url()));
  await tab.setViewport({ width, height, ...more });
  await tab.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  const began = Date.now();
  await tab.goto(page);
  await tab.waitForSelector("#views button");
  const milliseconds = Date.now() - began;
  const views = {};
  for (const name of await tab.$$eval("#views button", (found) => found.map((one) => one.firstChild.textContent))) {
    await tab.$$eval("#views button", (found, wanted) => found.find((one) => one.firstChild.textContent === wanted).click(), name);
    await tab.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    await tab.screenshot({ path: `${folder}/${name}-${width}-${scheme}.png` });
    views[name] = await tab.evaluate(() => ({
      rows: document.querySelectorAll(".row").length,
      elements: document.querySelectorAll("*").length,
      boxes: document.querySelectorAll(".node").length,
      overflow: document.documentElement.scrollWidth - innerWidth,
      lowest: Math.min(...[...document.querySelectorAll("button, input, select, summary")].map((one) => one.getBoundingClientRect().height)),
      text: document.getElementById("view").innerText.slice(0, 4000),
    }));
    views[name].current = await isSeen(tab, "#views [aria-current]");
  }
  const followed = await follow(tab);
  await tab.$$eval("#views button", (found) => found[found.length - 1].click());
  await tab.type("#search", "needle");
  await new Promise((done) => setTimeout(done, 400));
  const found = await tab.$$eval(".row", (rows) => rows.map((row) => row.innerText));
  await tab.$$eval("#views button", (found) => found[0].click());
  await tab.$eval("#search", (box) => { box.value = ""; });
  await (await tab.$("summary")).click();
  await tab.type("#search", "a");
  await new Promise((done) => setTimeout(done, 400));
  const unfolded = await tab.$eval("details", (one) => one.open);
  const background = await tab.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await tab.close();
  return { said, asked, milliseconds, views, followed, found, unfolded, background };
}

(async () => {
  const browser = await puppeteer.launch({ executablePath, args, headless: "shell" });
  const seen = [await look(browser, 1280, 900, "light", {}), await look(browser, 360, 740, "dark", { isMobile: true, hasTouch: true })];
  process.stdout.write(JSON.stringify(seen));
  await browser.close();
})();
