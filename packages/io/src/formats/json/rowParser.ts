import { TokenType } from "@streamparser/json";
import { malformed, type FileError } from "../../fileError.js";
import { readNumber, type TextRow } from "../textArray.js";
import { RowBuilder } from "./rowBuilder.js";

export interface Token {
  readonly token: TokenType;
  readonly value?: unknown;
}

/** What is being read. */
type Place =
  /** Between values at the top. */
  | "top"
  /** After the only value of the file. */
  | "end"
  /** In the array whose items are rows. */
  | "rows"
  /** In a row. */
  | "row"
  /** In the object whose members are arrays: before a name, its colon, its value, and behind it. */
  | "name"
  | "colon"
  | "member"
  | "behind"
  /** In a member that is not wanted. */
  | "skipped";

/**
 * Turns the tokens of JSON into rows of numbers and keeps no more than one row: the items of the array at the top, or of the
 * array under a wanted name; with `isLines` each value at the top is a row, or an object with the row under a wanted name.
 */
export class RowParser {
  /** Rows that are complete; whoever takes them empties the list. */
  readonly rows: TextRow[] = [];
  readonly #name: string;
  readonly #wanted: readonly string[];
  readonly #isLines: boolean;
  #place: Place = "top";
  /** Where a row or a skipped value was met. */
  #outer: "top" | "rows" | "member" = "top";
  #row: RowBuilder;
  /** An item, not a comma or a bracket, is due. */
  #isItemDue = true;
  /** Nothing stands in the array or object yet. */
  #isEmpty = true;
  #isInObject = false;
  #isWanted = false;
  #found = false;
  #seen: string[] = [];
  #depth = 0;

  constructor(name: string, wanted: readonly string[], isLines: boolean) {
    this.#name = name;
    this.#wanted = wanted;
    this.#isLines = isLines;
    this.#row = new RowBuilder(name);
  }

  push(token: Token): void {
    switch (this.#place) {
      case "top":
        if (token.token === TokenType.LEFT_BRACE) {
          this.#isInObject = true;
          this.#isEmpty = true;
          this.#found = false;
          this.#seen = [];
          this.#place = "name";
        } else this.#startRows(token, "top");
        return;
      case "rows":
        return this.#inRows(token);
      case "row":
        return this.#inRow(token);
      case "name":
        return this.#inName(token);
      case "colon":
        if (token.token !== TokenType.COLON) throw this.#wrong("a colon after a name");
        this.#place = "member";
        return;
      case "member":
        if (this.#isWanted) this.#startRows(token, "member");
        else this.#skip(token);
        return;
      case "skipped":
        return this.#skip(token);
      case "behind":
        this.#isEmpty = false;
        if (token.token === TokenType.COMMA) this.#place = "name";
        else if (token.token === TokenType.RIGHT_BRACE) this.#endObject();
        else throw this.#wrong("a comma or a brace after a value");
        return;
      case "end":
        throw this.#wrong("nothing after the value");
    }
  }

  /** Demands that the file may end here. */
  finish(): void {
    if (this.#place === "end" || (this.#place === "top" && this.#isLines)) return;
    throw malformed(`${this.#name}: the JSON must be complete, got its end.`);
  }

  /** A value that holds rows, or with `isLines` is one. */
  #startRows(token: Token, outer: "top" | "member"): void {
    if (!this.#isLines && token.token === TokenType.LEFT_BRACKET) {
      this.#place = "rows";
      this.#isItemDue = true;
      this.#isEmpty = true;
    } else this.#startRow(token, outer);
  }

  #startRow(token: Token, outer: "top" | "rows" | "member"): void {
    this.#outer = outer;
    this.#row = new RowBuilder(this.#name);
    this.#isItemDue = true;
    this.#isEmpty = false;
    this.#place = "row";
    this.#inRow(token);
  }

  #inRows(token: Token): void {
    if (token.token === TokenType.RIGHT_BRACKET && (this.#isEmpty || !this.#isItemDue)) return this.#endRows();
    if (!this.#isItemDue) {
      if (token.token !== TokenType.COMMA) throw this.#wrong("a comma or a bracket after a row");
      this.#isItemDue = true;
      return;
    }
    this.#startRow(token, "rows");
  }

  #inRow(token: Token): void {
    const row = this.#row;
    switch (token.token) {
      case TokenType.LEFT_BRACKET:
        if (!this.#isItemDue) throw this.#wrong("a comma between values");
        row.begin();
        this.#isEmpty = true;
        return;
      case TokenType.RIGHT_BRACKET:
        if (row.depth === 0 || (this.#isItemDue && !this.#isEmpty)) throw this.#wrong("a value before a bracket");
        row.end();
        break;
      case TokenType.COMMA:
        if (this.#isItemDue || row.depth === 0) throw this.#wrong("a value before a comma");
        this.#isItemDue = true;
        this.#isEmpty = false;
        return;
      case TokenType.NUMBER:
      case TokenType.STRING:
        if (!this.#isItemDue) throw this.#wrong("a comma between values");
        row.add(this.#numberOf(token));
        break;
      default:
        throw this.#wrong("numbers in arrays");
    }
    this.#isItemDue = false;
    this.#isEmpty = false;
    if (row.depth === 0) this.#endRow(row);
  }

  #numberOf({ token, value }: Token): number {
    if (token === TokenType.NUMBER && typeof value === "number") return value;
    const text = String(value);
    if (!/^(NaN|-?Infinity)$/.test(text)) throw this.#wrong("numbers in arrays");
    return readNumber(this.#name, text, "");
  }

  #endRow(row: RowBuilder): void {
    const isWhole = !this.#isLines && this.#outer !== "rows";
    this.rows.push(isWhole ? { ...row.finish(), isWhole } : row.finish());
    if (this.#outer === "rows") {
      this.#place = "rows";
      this.#isItemDue = false;
    } else this.#endRows();
  }

  #endRows(): void {
    this.#place = this.#isInObject ? "behind" : this.#isLines ? "top" : "end";
  }

  #inName(token: Token): void {
    if (token.token === TokenType.RIGHT_BRACE && this.#isEmpty) return this.#endObject();
    if (token.token !== TokenType.STRING) throw this.#wrong("a name in an object");
    const name = String(token.value);
    this.#isEmpty = false;
    this.#isWanted = this.#wanted.includes(name);
    if (this.#isWanted && this.#found) throw malformed(`${this.#name}: ${name} must be there once, got it twice.`);
    this.#found ||= this.#isWanted;
    if (this.#seen.length < 8) this.#seen.push(name.slice(0, 40));
    this.#place = "colon";
  }

  #skip({ token }: Token): void {
    if (token === TokenType.LEFT_BRACE || token === TokenType.LEFT_BRACKET) this.#depth += 1;
    if (token === TokenType.RIGHT_BRACE || token === TokenType.RIGHT_BRACKET) this.#depth -= 1;
    if (this.#depth < 0) throw this.#wrong("a value after a name");
    this.#place = this.#depth === 0 ? "behind" : "skipped";
  }

  #endObject(): void {
    if (!this.#found) {
      const got = this.#seen.join(", ") || "no names";
      throw malformed(
        `${this.#name}: the object must have ${this.#wanted.join(" or ") || "a named array"}, got ${got}.`,
      );
    }
    this.#isInObject = false;
    this.#place = this.#isLines ? "top" : "end";
  }

  #wrong(expected: string): FileError {
    return malformed(`${this.#name}: the JSON must have ${expected}, got something else.`);
  }
}
