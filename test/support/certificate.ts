/**
 * A self-signed pair for servers of the suite, valid for 127.0.0.1, localhost and the public host of cn-hangzhou from
 * the year 2000, so also where a clock is far behind, until 2099. It guards nothing: the key is public by standing here.
 */
export const certificate = {
  cert: `-----BEGIN CERTIFICATE-----
MIIB5DCCAYqgAwIBAgIUEQxP58NbMDJH9iAKR2tNW4PMu4UwCgYIKoZIzj0EAwIw
IDEeMBwGA1UEAwwVZW5lcmd5LWV4cGVydC1zYW5kYm94MCAXDTAwMDEwMTAwMDAw
MFoYDzIwOTkxMjMxMjM1OTU5WjAgMR4wHAYDVQQDDBVlbmVyZ3ktZXhwZXJ0LXNh
bmRib3gwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARosRlVZSSd6BCsjjyOXWDa
jTFHYanR0QQIKIC/oq5oJxjWVl+XirRN+XfltDPKGc9cZCKFLzr3LnXSTKGmUeWA
o4GfMIGcMB0GA1UdDgQWBBTVApWy2WZHI8Pr3yGNCTui/+5kwTAfBgNVHSMEGDAW
gBTVApWy2WZHI8Pr3yGNCTui/+5kwTAPBgNVHRMBAf8EBTADAQH/MEkGA1UdEQRC
MECCCWxvY2FsaG9zdIcEfwAAAYItZW5lcmd5ZXhwZXJ0ZXh0ZXJuYWwuY24taGFu
Z3pob3UuYWxpeXVuY3MuY29tMAoGCCqGSM49BAMCA0gAMEUCIEDiLrHg/II+WveH
YPTWT/gYZ1W3LMa/kWHfKpry+tXBAiEAkI93myUQ//J2pNOnXezsXGCqGlizuFmg
/hS0aJGaRsc=
-----END CERTIFICATE-----
`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgdT4wuqMSpUr/s5dC
u2dV4Tk7mgRo+my7NllVyBfXaOmhRANCAARosRlVZSSd6BCsjjyOXWDajTFHYanR
0QQIKIC/oq5oJxjWVl+XirRN+XfltDPKGc9cZCKFLzr3LnXSTKGmUeWA
-----END PRIVATE KEY-----
`
}
