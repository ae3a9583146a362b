import "@fontsource-variable/source-sans-3/wght.css";
import "@fontsource/ibm-plex-mono/latin-400.css";
import "katex/dist/katex.min.css";
import "../../../.generated/data/math.css";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/layout.css";
import "./styles/content.css";
import "./styles/pages.css";
import "./styles/explorer.css";
import "./styles/views.css";
import "./styles/home.css";
import { defineAsyncComponent } from "vue";
import type { Theme } from "vitepress";
import HomePage from "./components/HomePage.vue";
import SiteLayout from "./components/SiteLayout.vue";
import LossExplorer from "./explorer/LossExplorer.vue";

const theme: Theme = {
  Layout: SiteLayout,
  enhanceApp({ app }) {
    app.component("HomePage", HomePage);
    app.component("LossExplorer", LossExplorer);
    app.component(
      "PlaygroundPage",
      defineAsyncComponent(() => import("./playground/PlaygroundPage.vue")),
    );
  },
};

export default theme;
