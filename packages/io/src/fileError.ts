import { LossesError, type ErrorCode } from "@losses/core";

/** Why a file does not give what it was opened for. */
export type FileErrorCode = Extract<ErrorCode, `FILE_${string}`>;

/**
 * A file cannot be read or written (`FILE_UNREADABLE`), breaks the rules of its format (`FILE_MALFORMED`), holds what is not
 * taken (`FILE_UNSUPPORTED`), or asks for more memory than is given (`FILE_TOO_LARGE`).
 */
export class FileError extends LossesError {
  declare readonly code: FileErrorCode;

  constructor(code: FileErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(code, message, options);
  }
}

export function malformed(message: string, cause?: unknown): FileError {
  return new FileError("FILE_MALFORMED", message, cause === undefined ? {} : { cause });
}

export function unsupported(message: string): FileError {
  return new FileError("FILE_UNSUPPORTED", message);
}

export function tooLarge(message: string): FileError {
  return new FileError("FILE_TOO_LARGE", message);
}

/** An error of the file system, with the name of the file. */
export function unreadable(name: string, action: "read" | "written", cause: unknown): FileError {
  const said = cause instanceof Error ? cause.message : String(cause);
  return new FileError("FILE_UNREADABLE", `${name}: the file must be one that can be ${action}, got: ${said}.`, {
    cause,
  });
}
