import { onMounted, ref, type Ref } from "vue";

const isDark = ref(false);

/** Light or dark: what the reader chose, else what the system says. `firstScript.js` sets it before anything is drawn. */
export function useColours(): { readonly isDark: Ref<boolean>; readonly toggle: () => void } {
  onMounted(() => (isDark.value = document.documentElement.dataset["theme"] === "dark"));
  const toggle = (): void => {
    isDark.value = !isDark.value;
    const theme = isDark.value ? "dark" : "light";
    document.documentElement.dataset["theme"] = theme;
    localStorage.setItem("losses-theme", theme);
  };
  return { isDark, toggle };
}
