export interface MailText {
  readonly subject: string;
  readonly body: string;
}

export function readMail(raw: string): MailText;
export function wordsOf(text: string): string[];
