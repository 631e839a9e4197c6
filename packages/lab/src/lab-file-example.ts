/** What a lab file looks like, for the help text. */
export const LAB_FILE_EXAMPLE = `\
nodes:                       # all on one wire: the same /24, and /64 for ip6
  - name: node-a
    ip: 192.168.49.2
    ip6: fd00:49::2          # IPv6 is optional everywhere
    podCIDR: 10.244.0.0/24
    podCIDR6: fd00:10:244::/64
    zone: east               # the label topology.kubernetes.io/zone
    labels: {disk: fast}     # more labels of the Node object
  - name: node-b
    ip: 192.168.49.3
    ip6: fd00:49::3
    podCIDR: 10.244.1.0/24
    podCIDR6: fd00:10:244:1::/64
pods:                        # answer HTTP and UDP: their name, whom they saw
  - {name: web-1, node: node-a, ip: 10.244.0.10, ip6: "fd00:10:244::10"}
  - name: web-2
    node: node-b
    ip: 10.244.1.10
    ports: [80, {name: api, port: 8080}] # [80] unless given
    namespace: shop          # default unless given
    labels: {app: web}       # unless given app: the name without -NUMBER
    ready: false             # true unless given; menwei lab ready web-2
  - {name: agent, node: node-b, hostNetwork: true, ports: [9100]}
client: {ip: 192.168.49.100} # outside: knows the nodes, not the pods
loadBalancer:                # Services of type LoadBalancer get addresses
  pools: [192.168.49.200-192.168.49.220]
`;
