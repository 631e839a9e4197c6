// The DNS library that CoreDNS is made of, with nothing around it: the least that an answer costs there. Usage: miekg-dns address hosts
package main

import (
	"bufio"
	"log"
	"net"
	"os"
	"strings"

	"github.com/miekg/dns"
)

func main() {
	addresses := map[string]net.IP{}
	file, err := os.Open(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		addresses[fields[1]+"."] = net.ParseIP(fields[0])
	}
	dns.HandleFunc(".", func(writer dns.ResponseWriter, query *dns.Msg) {
		answer := new(dns.Msg)
		answer.SetReply(query)
		answer.Authoritative = true
		name := query.Question[0].Name
		if address, found := addresses[strings.ToLower(name)]; found {
			header := dns.RR_Header{Name: name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 5}
			answer.Answer = []dns.RR{&dns.A{Hdr: header, A: address}}
		} else {
			header := dns.RR_Header{Name: "cluster.local.", Rrtype: dns.TypeSOA, Class: dns.ClassINET, Ttl: 5}
			soa := &dns.SOA{Hdr: header, Ns: "ns.dns.cluster.local.", Mbox: "hostmaster.cluster.local.", Minttl: 5}
			answer.Rcode = dns.RcodeNameError
			answer.Ns = []dns.RR{soa}
		}
		writer.WriteMsg(answer)
	})
	log.Fatal((&dns.Server{Addr: os.Args[1], Net: "udp"}).ListenAndServe())
}
