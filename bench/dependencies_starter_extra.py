"""Facts of widely met advisories that the exports at hand lack, entered by hand: read by dependencies_starter.py.

One a line: id | aliases | CWE | gravity (a vector or a word) | KEV date | class | ecosystem package,... : introduced-fixed,...
A malicious release has `malicious` as gravity and lists versions with `=`.
"""

from __future__ import annotations

_CRITICAL = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
_TOTAL = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"
_DOWN = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"

FACTS = f"""
CVE-2021-44228 | GHSA-jfh8-c2jp-5v3q | CWE-502 | {_TOTAL} | 2021-12-10 | code execution (Log4Shell) | Maven org.apache.logging.log4j:log4j-core : 2.0-beta9-2.3.1, 2.4-2.12.2, 2.13.0-2.15.0
CVE-2021-45046 | GHSA-7rjr-3q55-vv33 | CWE-502 | CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:C/C:H/I:H/A:H | 2023-05-01 | code execution | Maven org.apache.logging.log4j:log4j-core : 2.0-beta9-2.3.1, 2.4-2.12.2, 2.13.0-2.16.0
CVE-2021-45105 | GHSA-p6xc-xr62-6r2g | CWE-674 | CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:N/I:N/A:H | | denial of service | Maven org.apache.logging.log4j:log4j-core : 2.0-beta9-2.3.1, 2.4-2.12.3, 2.13.0-2.17.0
CVE-2021-44832 | GHSA-8489-44mv-ggj8 | CWE-20 | CVSS:3.1/AV:N/AC:H/PR:H/UI:N/S:U/C:H/I:H/A:H | | code execution | Maven org.apache.logging.log4j:log4j-core : 2.0-beta7-2.3.2, 2.4-2.12.4, 2.13.0-2.17.1
CVE-2022-22965 | GHSA-36p3-wjmg-h94x | CWE-94 | {_CRITICAL} | 2022-04-04 | code execution (Spring4Shell) | Maven org.springframework:spring-beans, org.springframework:spring-webmvc, org.springframework:spring-webflux : 0-5.2.20.RELEASE, 5.3.0-5.3.18
CVE-2022-22963 | GHSA-6v73-fgf6-w5j7 | CWE-94 | {_CRITICAL} | 2022-08-25 | code execution | Maven org.springframework.cloud:spring-cloud-function-context : 0-3.1.7, 3.2.0-3.2.3
CVE-2017-5638 | GHSA-j77q-2qqg-6989 | CWE-20 | {_CRITICAL} | 2021-11-03 | code execution | Maven org.apache.struts:struts2-core : 2.3.5-2.3.32, 2.5-2.5.10.1
CVE-2018-11776 | | CWE-20 | CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H | 2021-11-03 | code execution | Maven org.apache.struts:struts2-core : 2.3-2.3.35, 2.5-2.5.17
CVE-2023-50164 | | CWE-552 | {_CRITICAL} | | path traversal in uploads | Maven org.apache.struts:struts2-core : 0-2.5.33, 6.0.0-6.3.0.2
CVE-2020-36518 | GHSA-57j2-w4cx-62h2 | CWE-787 | {_DOWN} | | denial of service | Maven com.fasterxml.jackson.core:jackson-databind : 0-2.12.6.1, 2.13.0-2.13.2.1
CVE-2022-42003 | GHSA-jjjh-jjxp-wpff | CWE-502 | {_DOWN} | | denial of service | Maven com.fasterxml.jackson.core:jackson-databind : 2.4.0-rc1-2.12.7.1, 2.13.0-2.13.4.2
CVE-2016-1000027 | GHSA-4wrc-f8pq-fpqp | CWE-502 | {_CRITICAL} | | unsafe deserialization | Maven org.springframework:spring-web : 0-6.0.0
CVE-2024-22243 | | CWE-601 | CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:N | | open redirect | Maven org.springframework:spring-web : 0-5.3.32, 6.0.0-6.0.17, 6.1.0-6.1.4
CVE-2023-46604 | | CWE-502 | {_CRITICAL} | 2023-11-02 | unsafe deserialization | Maven org.apache.activemq:activemq-client : 0-5.15.16, 5.16.0-5.16.7, 5.17.0-5.17.6, 5.18.0-5.18.3
CVE-2022-31197 | | CWE-89 | CVSS:3.1/AV:N/AC:L/PR:L/UI:R/S:U/C:H/I:H/A:H | | SQL injection | Maven org.postgresql:postgresql : 0-42.2.26, 42.3.0-42.3.7, 42.4.0-42.4.1
CVE-2024-1597 | | CWE-89 | {_CRITICAL} | | SQL injection | Maven org.postgresql:postgresql : 0-42.2.28, 42.3.0-42.3.9, 42.4.0-42.4.4, 42.5.0-42.5.5, 42.6.0-42.6.1, 42.7.0-42.7.2
CVE-2021-42392 | | CWE-502 | {_CRITICAL} | | unsafe deserialization | Maven com.h2database:h2 : 1.1.100-2.0.206
CVE-2023-34062 | | CWE-22 | CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N | | path traversal | Maven io.projectreactor.netty:reactor-netty-http : 1.0.0-1.0.39, 1.1.0-1.1.13
CVE-2023-45857 | GHSA-wf5p-g6vw-rhxx | CWE-352 | CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:N/A:N | | token disclosure to other hosts | npm axios : 0.8.1-0.28.0, 1.0.0-1.6.0
CVE-2025-27152 | GHSA-jr5f-v2jv-69x6 | CWE-918 | CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N/E:P | | server-side request forgery | npm axios : 0-0.30.0, 1.0.0-1.8.2
CVE-2021-3749 | GHSA-cph5-m8f7-6c5x | CWE-1333 | {_DOWN} | | regular expression denial of service | npm axios : 0-0.21.2
CVE-2022-23540 | GHSA-qwph-4952-7xr6 | CWE-347 | CVSS:3.1/AV:N/AC:H/PR:L/UI:N/S:U/C:L/I:H/A:L | | signature verification flaw | npm jsonwebtoken : 0-9.0.0
CVE-2022-23541 | GHSA-hjrf-2m68-5959 | CWE-287 | CVSS:3.1/AV:N/AC:H/PR:L/UI:N/S:U/C:L/I:L/A:L | | signature verification flaw | npm jsonwebtoken : 0-9.0.0
CVE-2015-9235 | GHSA-c7hr-j4mj-j2w6 | CWE-20 | {_CRITICAL} | | signature verification flaw | npm jsonwebtoken : 0-4.2.2
CVE-2024-29041 | GHSA-rv95-896h-c2vc | CWE-601 | CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N | | open redirect | npm express : 0-4.19.2, 5.0.0-alpha.1-5.0.0-beta.3
CVE-2024-43796 | GHSA-qw6h-vgh9-j6wx | CWE-79 | CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:L/A:L | | cross-site scripting | npm express : 0-4.20.0, 5.0.0-alpha.1-5.0.0
CVE-2024-45590 | GHSA-qwcr-r2fm-qrc7 | CWE-405 | {_DOWN} | | denial of service | npm body-parser : 0-1.20.3
CVE-2022-25881 | GHSA-rc47-6667-2j5j | CWE-1333 | {_DOWN} | | regular expression denial of service | npm http-cache-semantics : 0-4.1.1
CVE-2021-43138 | GHSA-fwr7-v2mv-hh25 | CWE-1321 | CVSS:3.1/AV:L/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H | | prototype pollution | npm async : 2.0.0-2.6.4, 3.0.0-3.2.2
CVE-2022-37601 | GHSA-76p3-8jx3-jpfq | CWE-1321 | {_CRITICAL} | | prototype pollution | npm loader-utils : 0-1.4.1, 2.0.0-2.0.3
CVE-2025-29927 | GHSA-f82v-jwr5-mffw | CWE-863 | CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:N | | authorization bypass in middleware | npm next : 11.1.4-12.3.5, 13.0.0-13.5.9, 14.0.0-14.2.25, 15.0.0-15.2.3
CVE-2025-55182 | GHSA-fv66-9v8q-g76r | CWE-502 | {_TOTAL} | 2025-12-05 | code execution | npm react-server-dom-webpack, react-server-dom-parcel, react-server-dom-turbopack : 19.0.0-19.0.1, 19.1.0-19.1.2, 19.2.0-19.2.1
CVE-2024-47764 | GHSA-pxg6-pf52-xh8x | CWE-74 | low | | header injection | npm cookie : 0-0.7.0
CVE-2022-0155 | GHSA-74fj-2j2h-c42q | CWE-200 | CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:N/A:N | | information disclosure | npm follow-redirects : 0-1.14.7
CVE-2022-0536 | GHSA-pw2r-vq6v-hr8c | CWE-200 | CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:N/A:N | | information disclosure | npm follow-redirects : 0-1.14.8
CVE-2023-26159 | GHSA-jchw-25xp-jwwc | CWE-601 | CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N | | open redirect | npm follow-redirects : 0-1.15.4
CVE-2024-28849 | GHSA-cxjh-pqwp-8mfp | CWE-200 | CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N | | credential disclosure on redirect | npm follow-redirects : 0-1.15.6
CVE-2021-32803 | GHSA-r628-mhmh-qjhw | CWE-22 | high | | path traversal | npm tar : 0-3.2.3, 4.0.0-4.4.15, 5.0.0-5.0.7, 6.0.0-6.1.2
CVE-2021-32804 | GHSA-3jfq-g458-7qm9 | CWE-22 | high | | path traversal | npm tar : 0-3.2.2, 4.0.0-4.4.14, 5.0.0-5.0.6, 6.0.0-6.1.1
CVE-2021-37701 | GHSA-9r2w-394v-53qc | CWE-22 | high | | path traversal | npm tar : 0-4.4.16, 5.0.0-5.0.8, 6.0.0-6.1.7
CVE-2020-7788 | GHSA-qqgx-2p2h-9c37 | CWE-1321 | CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:L/A:L | | prototype pollution | npm ini : 0-1.3.6
CVE-2021-33502 | GHSA-px4h-xg32-q955 | CWE-1333 | {_DOWN} | | regular expression denial of service | npm normalize-url : 4.3.0-4.5.1, 5.0.0-5.3.1, 6.0.0-6.0.1
CVE-2019-20149 | GHSA-6c8f-qphg-qjgp | CWE-668 | CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:N | | type check bypass | npm kind-of : 6.0.0-6.0.3
CVE-2023-42282 | GHSA-78xj-cgh5-2h22 | CWE-918 | {_CRITICAL} | | server-side request forgery | npm ip : 0-1.1.9, 2.0.0-2.0.1
ASSAY-2018-0001 | | CWE-506 | malicious | | malicious release | npm event-stream : =3.3.6
ASSAY-2018-0002 | | CWE-506 | malicious | | malicious release | npm flatmap-stream : 0-
ASSAY-2018-0003 | | CWE-506 | malicious | | malicious release | npm eslint-scope : =3.7.2
ASSAY-2021-0001 | | CWE-506 | malicious | | malicious release | npm ua-parser-js : =0.7.29, =0.8.0, =1.0.0
ASSAY-2021-0002 | | CWE-506 | malicious | | malicious release | npm coa : =2.0.3, =2.0.4, =2.1.1, =2.1.3, =3.0.1, =3.1.3
ASSAY-2021-0003 | | CWE-506 | malicious | | malicious release | npm rc : =1.2.9, =1.3.9, =2.3.9
ASSAY-2022-0001 | CVE-2022-23812 | CWE-506 | malicious | | malicious release | npm node-ipc : =10.1.1, =10.1.2
ASSAY-2022-0002 | | CWE-506 | malicious | | sabotaged release | npm colors : =1.4.1, =1.4.2, =1.4.44-liberty-2
ASSAY-2022-0003 | | CWE-506 | malicious | | sabotaged release | npm faker : =6.6.6
ASSAY-2025-0001 | | CWE-506 | malicious | | malicious release | npm chalk : =5.6.1
ASSAY-2025-0002 | | CWE-506 | malicious | | malicious release | npm debug : =4.4.2
ASSAY-2025-0003 | | CWE-506 | malicious | | malicious release | npm ansi-styles : =6.2.2
ASSAY-2025-0004 | | CWE-506 | malicious | | malicious release | npm strip-ansi : =7.1.1
ASSAY-2025-0005 | | CWE-506 | malicious | | malicious release | npm supports-color : =10.2.1
ASSAY-2025-0006 | | CWE-506 | malicious | | malicious release | npm ansi-regex : =6.2.1
ASSAY-2025-0007 | | CWE-506 | malicious | | malicious release | npm wrap-ansi : =9.0.1
"""
