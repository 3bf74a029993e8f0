"""A real browser without a window: Debian's Chromium, driven by selenium."""

import shutil

import debian

PACKAGES = ["chromium", "chromium-driver"]


class Unavailable(Exception):
    """There can be no browser here; the text says why."""


def install():
    """Install the packages where they are missing; Unavailable where that cannot be done."""
    debian.install(["chromium", "chromedriver"], PACKAGES, Unavailable)


class Browser:
    """Shows files; `quit` ends it."""

    def __init__(self):
        from selenium import webdriver

        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        # Root has no sandbox, and containers have little shared memory.
        for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        service = webdriver.ChromeService(shutil.which("chromedriver"))
        self.driver = webdriver.Chrome(options=options, service=service)
        self.driver.set_script_timeout(120)

    def show(self, path, width=1280, scheme="light", height=900):
        """Open a file in a window of so many pixels with a colour scheme; everything that is folded is unfolded."""
        command = self.driver.execute_cdp_cmd
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        command("Emulation.setDeviceMetricsOverride", size)
        # What still scrolls smoothly cannot be clicked on.
        media = {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"}
        features = [{"name": name, "value": value} for name, value in media.items()]
        command("Emulation.setEmulatedMedia", {"features": features})
        for log in ("browser", "performance"):
            self.driver.get_log(log)
        self.driver.get(path.as_uri())
        self.run("for (const part of document.querySelectorAll('details')) part.open = true")

    def run(self, script, *arguments):
        """What a script returns."""
        return self.driver.execute_script(script, *arguments)

    def wait(self, script):
        """Wait until a script returns something true, ten seconds at most; then selenium's TimeoutException."""
        from selenium.webdriver.support.wait import WebDriverWait

        WebDriverWait(self.driver, 10, poll_frequency=0.05).until(lambda driver: driver.execute_script(script))

    def quit(self):
        self.driver.quit()
