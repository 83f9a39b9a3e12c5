// Opens a page in a browser, and prints as JSON what is seen there. Arguments: the browser, the page, and the folder
// for pictures. It needs puppeteer-core in NODE_PATH.
const puppeteer = require("puppeteer-core");
const [executablePath, page, folder] = process.argv.slice(2);
const args = ["--no-sandbox", "--no-zygote", "--single-process", "--in-process-gpu", "--use-gl=angle", "--use-angle=swiftshader", "--ignore-gpu-blocklist"];

async function look(browser, width, height, scheme) {
  const tab = await browser.newPage();
  const said = [], asked = [];
  tab.on("console", (message) => said.push(message.text()));
  tab.on("pageerror", (error) => said.push(String(error)));
  tab.on("request", (request) => asked.push(request.url()));
  await tab.setViewport({ width, height });
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
      text: document.getElementById("view").innerText.slice(0, 4000),
    }));
  }
  await tab.$$eval("#views button", (found) => found[found.length - 1].click());
  await tab.type("#search", "needle");
  await new Promise((done) => setTimeout(done, 400));
  const found = await tab.$$eval(".row", (rows) => rows.map((row) => row.innerText));
  const background = await tab.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await tab.close();
  return { said, asked, milliseconds, views, found, background };
}

(async () => {
  const browser = await puppeteer.launch({ executablePath, args, headless: "shell" });
  const seen = [await look(browser, 1280, 900, "light"), await look(browser, 390, 844, "dark")];
  process.stdout.write(JSON.stringify(seen));
  await browser.close();
})();
