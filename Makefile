# Every target does its own set-up; see scripts/setup.
.DEFAULT_GOAL := help
.PHONY: help setup test demo demo-cluster demo-lb bench

export PATH := $(CURDIR)/node_modules/.bin:$(PATH):/usr/sbin:/sbin
BENCH ?= --mode iptables --services 1000 --endpoints 10

help: ## say what there is to make
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1	/p' $(MAKEFILE_LIST)

setup: ## install what is missing (Debian, Ubuntu): network tools, a kernel for the tests and npm packages
	@scripts/setup --guest

test: setup ## check types and style, then run every test, on this machine's kernel and on one with IPVS
	npm run --silent check
	@node scripts/test.ts

demo: ## show a Service at work on two nodes with real traffic
	@scripts/setup
	@bin/menwei lab demo
	@echo 'By name, in a lab that stays: bin/menwei lab up -f examples/lab.yaml --manifests examples/web.yaml; bin/menwei lab run shop -- curl http://web/'

demo-cluster: ## show a cluster in one process: kubectl, a Service, its pods, and real traffic
	@scripts/setup --kubectl
	@node scripts/demo-cluster.ts

demo-lb: ## show a load balancer: an address from a pool, and how long it is without answers when its owner leaves
	@scripts/setup --load-balancer
	@node scripts/demo-lb.ts

bench: setup ## measure sync times; BENCH="--mode nftables --services 5000 --endpoints 50" for others
	npm run --silent bench:sync -- $(BENCH)
