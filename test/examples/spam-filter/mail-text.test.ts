import { expect, test } from 'vitest';
import { readMail, wordsOf } from '../../../examples/spam-filter/mail-text.mjs';

function mail(headers: readonly string[], body: string): string {
  return `${headers.join('\n')}\n\n${body}`;
}

test('nothing of the headers but the subject is read, and that without list tags and reply marks', () => {
  const { subject, body } = readMail(
    mail(
      [
        'From: collector@example.org',
        'List-Id: the list',
        'X-Spam-Flag: YES',
        'Subject: Re: [ILUG] Fwd: old\n routers',
      ],
      'Who wants them?',
    ),
  );
  expect(subject.replace(/\s+/g, ' ')).toBe('old routers');
  expect(body).toBe('Who wants them?');
});

test('list footers and sponsors below the text are dropped, rules inside the text are not', () => {
  const footer = `${'_'.repeat(47)}\nSome-list mailing list`;
  expect(readMail(mail([], `Text\n${'_'.repeat(40)}\nmore ${'long '.repeat(300)}`)).body).toContain('more');
  expect(readMail(mail([], `Text\n-- \nme\n${footer}`)).body).not.toContain('list');
  expect(readMail(mail([], `Text\n------------------------ Yahoo! Groups Sponsor -----~-->\nads`)).body).toBe(
    'Text',
  );
});

test('text is decoded from quoted-printable, base64 and encoded subjects', () => {
  const quoted = mail(['Content-Transfer-Encoding: quoted-printable'], 'one=20lo=\nng=3D line');
  expect(readMail(quoted).body).toBe('one long= line');
  const base64 = mail(['Content-Transfer-Encoding: BASE64'], Buffer.from('buy pills').toString('base64'));
  expect(readMail(base64).body).toBe('buy pills');
  expect(readMail(mail(['Subject: =?iso-8859-1?Q?free_offer?='], '')).subject).toBe('free offer');
  expect(readMail(mail(['Subject: =?utf-8?b?ZnJlZQ==?='], '')).subject).toBe('free');
});

test('of a multipart mail the text parts are read and attachments are not', () => {
  const parts = [
    'preamble\n--b1\nContent-Type: text/plain\n\nhello there',
    'Content-Type: application/zip\n\nUEsDBAoAAAAA',
    'Content-Type: multipart/alternative; boundary=b2\n\n--b2\nContent-Type: text/html\n\n<p>inner</p>\n--b2--',
  ];
  const { body } = readMail(
    mail(['Content-Type: multipart/mixed;\n boundary="b1"'], `${parts.join('\n--b1\n')}\n--b1--\nepilogue`),
  );
  expect(wordsOf(body)).toEqual(['hello', 'there', 'inner']);
});

test('markup, scripts and comments vanish, and words that markup cuts apart are whole again', () => {
  const html =
    '<html><style>p{color:red}</style><!-- hash 77 --><script>evil()</script><p>V<b>ia</b>gra&nbsp;now</html>';
  expect(wordsOf(readMail(mail([], html)).body)).toEqual(['viagra', 'now']);
});

test('addresses, links, numbers and foreign letters become one word each', () => {
  expect(wordsOf('Mail me@host.example or see http://a.b/c?d=1, call 555-1234 \u00fc\u00e4')).toEqual([
    'mail',
    '<mail>',
    'or',
    'see',
    '<url>',
    'call',
    '<number>',
    '<foreign>',
  ]);
  expect(wordsOf('the word <url> itself')).toEqual(['the', 'word', 'url', 'itself']);
});

test('mails without a body, without headers or with broken structure give what text they have', () => {
  expect(readMail('')).toEqual({ subject: '', body: '' });
  expect(readMail('Subject: only').subject).toBe('only');
  expect(readMail(mail(['Content-Type: multipart/mixed; boundary="never"'], 'lost text')).body).toBe('');
  expect(readMail(mail(['Content-Type: multipart/mixed'], 'kept text')).body).toBe('kept text');
});
