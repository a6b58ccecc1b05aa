/** A filled-in request of the docs page, as far as a code sample needs it. */
export interface SampleRequest {
  readonly method: string
  readonly url: string
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  readonly body: string
}

// What follows runs in the browser too, where it arrives as the text of these very functions (see docs-script.ts): a function may
// call the others by name and nothing else. A request without a body has none in any of them: fetch refuses even an empty one on a GET.

export function curlSample ({ method, url, headers, body }: SampleRequest): string {
  const quote = (text: string): string => `'${text.replaceAll('\'', '\'\\\'\'')}'`
  const lines = [`curl -i -X ${method} ${quote(url)}`, ...headers.map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`), ...(body === '' ? [] : [`--data-raw ${quote(body)}`])]
  return lines.join(' \\\n  ')
}

/** Windows PowerShell 5.1 takes no Accept or Content-Type among the headers, and sends a text as ISO-8859-1. */
export function powershellSample ({ method, url, headers, body }: SampleRequest): string {
  // PowerShell takes each of the typographic quotes for a plain one.
  const quote = (text: string): string => `'${text.replace(/['\u2018\u2019\u201a\u201b]/g, '$&$&')}'`
  const own = headers.filter(([name]) => !/^(?:accept|content-type)$/i.test(name))
  return `$headers = @{ ${own.map(([name, value]) => `${quote(name)} = ${quote(value)}`).join('; ')} }
${body === '' ? '' : `$body = [Text.Encoding]::UTF8.GetBytes(${quote(body)})\n`}try {
  Invoke-RestMethod -Method ${method} -Uri ${quote(url)} -Headers $headers${body === '' ? '' : ' -ContentType \'application/json\' -Body $body'}
} catch {
  "$($_.Exception.Message) $($_.ErrorDetails.Message)"
}`
}

export function pythonSample ({ method, url, headers, body }: SampleRequest): string {
  return `import urllib.error
import urllib.request

request = urllib.request.Request(
    ${pythonLiteral(url)},
    method=${pythonLiteral(method)},
    headers={
${headers.map(([name, value]) => `        ${pythonLiteral(name)}: ${pythonLiteral(value)},`).join('\n')}
    },${body === '' ? '' : `\n    data=${pythonLiteral(body)}.encode(),`}
)
try:
    with urllib.request.urlopen(request) as answer:
        print(answer.status, answer.read().decode())
except urllib.error.HTTPError as error:
    print(error.code, error.read().decode())`
}

export function nodeSample ({ method, url, headers, body }: SampleRequest): string {
  return `const answer = await fetch(${literal(url)}, {
  method: ${literal(method)},
  headers: {
${headers.map(([name, value]) => `    ${literal(name)}: ${literal(value)}`).join(',\n')}
  }${body === '' ? '' : `,\n  body: ${literal(body)}`}
})
console.log(answer.status, await answer.text())`
}

export function javaSample ({ method, url, headers, body }: SampleRequest): string {
  return `import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

public class Push {
    public static void main(String[] args) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(${literal(url)}))
${headers.map(([name, value]) => `            .header(${literal(name)}, ${literal(value)})`).join('\n')}
            .method(${literal(method)}, HttpRequest.BodyPublishers.${body === '' ? 'noBody()' : `ofString(${literal(body)})`})
            .build();
        HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
        System.out.println(answer.statusCode() + " " + answer.body());
    }
}`
}

export function csharpSample ({ method, url, headers, body }: SampleRequest): string {
  const own = headers.filter(([name]) => !/^content-type$/i.test(name))
  return `using System;
using System.Net.Http;
using System.Text;

using var client = new HttpClient();
using var request = new HttpRequestMessage(new HttpMethod(${literal(method)}), ${literal(url)});
${own.map(([name, value]) => `request.Headers.TryAddWithoutValidation(${literal(name)}, ${literal(value)});`).join('\n')}
${body === '' ? '' : `request.Content = new StringContent(${literal(body)}, Encoding.UTF8, "application/json");\n`}using var answer = await client.SendAsync(request);
Console.WriteLine($"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");`
}

/** A string literal of JavaScript, Java and C# alike: JSON's, in ASCII, since a source file may be saved in any code page. */
export function literal (text: string): string {
  return JSON.stringify(text).replace(/[\u007f-\uffff]/g, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Python knows no surrogate pairs: a character beyond them has eight digits. */
export function pythonLiteral (text: string): string {
  return JSON.stringify(text).replace(/[\u007f-\u{10ffff}]/gu, character => {
    const digits = (character.codePointAt(0) ?? 0).toString(16)
    return digits.length > 4 ? `\\U${digits.padStart(8, '0')}` : `\\u${digits.padStart(4, '0')}`
  })
}
