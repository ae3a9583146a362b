import { readFileSync } from "node:fs";
import type { Dataset, Query } from "../data/dataset.js";
import { languages, type Language } from "../data/emoji.js";
import { createRandom, shuffled } from "../random.js";
import { escape } from "./html.js";

const shown = { queries: 12, pictures: 12, picturesPerQuery: 12, captionsPerPicture: 5 };

const languageNames: Readonly<Record<Language, string>> = { en: "English", zh: "中文" };

/** Held-out captions with the pictures they retrieve, the right one marked. `scores`: pictures by queries. */
export function queryGallery(dataset: Dataset, scores: Float32Array, seed: number): string {
  return chooseQueries(dataset, seed)
    .map((index) => {
      const query = dataset.queries[index];
      if (query === undefined) return "";
      const column = dataset.emoji.map((_, i) => scores[i * dataset.queries.length + index] ?? 0);
      const ranking = descending(column);
      const place = ranking.indexOf(query.picture) + 1;
      const pictures = ranking
        .slice(0, shown.picturesPerQuery)
        .map((picture) => tile(dataset, picture, picture === query.picture));
      return [
        `<article class="query">`,
        `<header><span class="language">${languageNames[query.language]}</span>`,
        `<q lang="${query.language}">${escape(query.text)}</q>${placeLabel(place)}</header>`,
        `<div class="tiles"><figure class="asked">${image(dataset, query.picture)}<figcaption>asked for</figcaption></figure>`,
        `<span class="arrow">→</span>${pictures.join("")}</div></article>`,
      ].join("");
    })
    .join("\n");
}

/** Pictures with the held-out captions nearest to them, the right ones marked. */
export function captionGallery(dataset: Dataset, scores: Float32Array, seed: number): string {
  const count = dataset.queries.length;
  return shuffled([...dataset.emoji.keys()], createRandom(seed + 2))
    .slice(0, shown.pictures)
    .map((picture) => {
      const ranking = descending([...scores.subarray(picture * count, (picture + 1) * count)]);
      const captions = ranking.slice(0, shown.captionsPerPicture).map((index) => dataset.queries[index]);
      const place = ranking.findIndex((index) => dataset.queries[index]?.picture === picture) + 1;
      return [
        `<article class="picture"><div>${image(dataset, picture)}${placeLabel(place)}</div>`,
        `<ol>${captions.map((caption) => captionLine(caption, picture)).join("")}</ol></article>`,
      ].join("");
    })
    .join("\n");
}

function chooseQueries({ queries }: Dataset, seed: number): number[] {
  const order = shuffled([...queries.keys()], createRandom(seed + 1));
  return languages.flatMap((language) =>
    order.filter((index) => queries[index]?.language === language).slice(0, shown.queries / languages.length),
  );
}

function descending(values: readonly number[]): number[] {
  return [...values.keys()].sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0) || a - b);
}

function placeLabel(place: number): string {
  return `<span class="place${place <= 10 ? " good" : ""}">right at ${place}</span>`;
}

function tile(dataset: Dataset, picture: number, right: boolean): string {
  return `<figure class="tile${right ? " right" : ""}">${image(dataset, picture)}${right ? "<figcaption>✓</figcaption>" : ""}</figure>`;
}

function captionLine(caption: Query | undefined, picture: number): string {
  if (caption === undefined) return "";
  const right = caption.picture === picture;
  return `<li${right ? ' class="right"' : ""} lang="${caption.language}">${escape(caption.text)}${right ? " ✓" : ""}</li>`;
}

function image(dataset: Dataset, picture: number): string {
  const emoji = dataset.emoji[picture];
  if (emoji === undefined) return "";
  const name = escape(`${emoji.words.en.name} · ${emoji.words.zh.name}`);
  const data = readFileSync(emoji.file).toString("base64");
  return `<img alt="${name}" title="${name}" width="48" height="48" src="data:image/png;base64,${data}">`;
}
