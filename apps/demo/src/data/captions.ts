import { randomInteger, shuffled, type Random } from "../random.js";
import { newKeywords, type Emoji, type Language, type Words } from "./emoji.js";

/** The words of a picture in one language, divided between training and test. */
export interface WordSplit {
  readonly name: string;
  /** Keywords that occur in training captions of this picture. */
  readonly seen: readonly string[];
  /** Keywords that training never shows with this picture, not even inside its name. */
  readonly heldOut: readonly string[];
}

export interface Caption {
  readonly language: Language;
  readonly text: string;
}

/** A picture's captions: what training draws from, and one held-out caption for each language. */
export interface Captions {
  readonly train: Readonly<Record<Language, WordSplit>>;
  readonly test: readonly Caption[];
}

/** Divides the words of a picture: up to a third of its keywords, at least one, never meet it in training. */
export function splitCaptions(emoji: Emoji, random: Random): Captions {
  const train = { en: splitWords(emoji.words.en, random), zh: splitWords(emoji.words.zh, random) };
  return { train, test: [testCaption("en", train.en), testCaption("zh", train.zh)] };
}

function splitWords(words: Words, random: Random): WordSplit {
  const { name, keywords } = words;
  const count = Math.max(1, Math.floor(keywords.length / 3));
  const heldOut = shuffled(newKeywords(words), random).slice(0, count);
  const seen = shuffled(
    keywords.filter((keyword) => !heldOut.includes(keyword)),
    random,
  );
  return { name, heldOut, seen };
}

/** Up to two keywords that are new for the picture, beside up to two known ones; never its name. */
function testCaption(language: Language, { heldOut, seen }: WordSplit): Caption {
  return { language, text: join(language, [...seen.slice(0, 2), ...heldOut.slice(0, 2)]) };
}

/** A training caption: mostly the name, with up to three of the seen keywords, in random order. */
export function trainCaption({ train }: Captions, language: Language, random: Random): string {
  const { name, seen } = train[language];
  const keywords = shuffled(seen, random).slice(0, 1 + randomInteger(3, random));
  const parts = random() < 0.6 ? [name, ...keywords] : keywords;
  return join(language, shuffled(parts, random));
}

function join(language: Language, parts: readonly string[]): string {
  return parts.join(language === "zh" ? "，" : ", ");
}
