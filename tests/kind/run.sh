#!/usr/bin/env bash
# Tries output/dev, as it is committed, in a Kind cluster: applies it, waits until everything runs, and runs two data
# products to their end. Needs docker, kind, kubectl and helm, and touches no other cluster.
#
#   NODES=3 tests/kind/run.sh    a cluster of three nodes (default: one)
#   KEEP=1 tests/kind/run.sh     leave the cluster for a look; `kind delete cluster --name acme-dev` ends it
set -euo pipefail
shopt -s inherit_errexit

cd "$(dirname "$0")/../.."
readonly CLUSTER=acme-dev
# Of the release notes of kind 0.33.0; the oldest Kubernetes that platform-manifest.yaml promises.
readonly NODE_IMAGE=kindest/node:v1.34.11@sha256:44e222ee2132dab25ff87301682f89eb82c7880ea3a1bf543bfe9708fd08d67d
readonly EXTERNAL_SECRETS=2.11.0
readonly OUTPUT=output/dev
readonly SECONDS_TO_START=1500
readonly AFTER_SYNC='argocd.argoproj.io/hook: PostSync'

if kind get clusters | grep -qx "$CLUSTER"; then
  echo "there is a cluster $CLUSTER already; end it with: kind delete cluster --name $CLUSTER" >&2
  exit 1
fi
work=$(mktemp -d)
# A file of its own: kubectl and helm cannot reach the cluster that somebody works with.
export KUBECONFIG=$work/kubeconfig
readonly work KUBECONFIG

say() { printf '\n== %s\n' "$*"; }

# How long the next wait may take, so that all of them together end in time.
left() { echo "$((SECONDS_TO_START > SECONDS ? SECONDS_TO_START - SECONDS : 1))s"; }

create_cluster() {
  say "creating the cluster $CLUSTER with ${NODES:-1} node(s)"
  {
    printf 'kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnodes:\n- role: control-plane\n'
    for ((node = 1; node < ${NODES:-1}; node++)); do echo "- role: worker"; done
  } > "$work/cluster.yaml"
  kind create cluster --name "$CLUSTER" --image "$NODE_IMAGE" --config "$work/cluster.yaml" --wait 3m
}

load_product_images() {
  say "building the sample data product, under the name of each product's image"
  local images tags=()
  mapfile -t images < <(grep -rhoE 'ghcr\.io/acme/[a-z0-9/._-]+:[A-Za-z0-9._-]+' "$OUTPUT" | sort -u)
  for image in "${images[@]}"; do tags+=(--tag "$image"); done
  docker build --quiet --provenance=false "${tags[@]}" tests/kind/product
  kind load docker-image --name "$CLUSTER" "${images[@]}"
}

install_external_secrets() {
  say "installing External Secrets $EXTERNAL_SECRETS"
  helm install external-secrets oci://ghcr.io/external-secrets/charts/external-secrets \
    --version "$EXTERNAL_SECRETS" --namespace external-secrets --create-namespace --wait --timeout 5m
}

# The namespaces of the output, the platform's first: the order of output/dev/_delivery.
namespaces() {
  local scope
  for scope in floe.dev/scope=platform 'floe.dev/scope,floe.dev/scope!=platform'; do
    kubectl get namespaces --selector "$scope" --output 'jsonpath={range .items[*]}{.metadata.name}{"\n"}{end}'
  done
}

apply() {
  say "applying $1"
  # Accounts first: kubectl goes by file name, and pods whose account is not there yet fail once for nothing.
  local accounts=("$OUTPUT/$1"/serviceaccount_*.yaml)
  if [ -e "${accounts[0]}" ]; then
    kubectl apply --server-side --field-manager=floe-kind "${accounts[@]/#/--filename=}"
  fi
  local files
  mapfile -t files < <(grep -L "$AFTER_SYNC" "$OUTPUT/$1"/*.yaml)
  kubectl apply --server-side --field-manager=floe-kind "${files[@]/#/--filename=}"
}

# What Argo CD runs when everything is healthy.
test_it() {
  say "testing $1"
  local tests job
  mapfile -t tests < <(grep -l "$AFTER_SYNC" "$OUTPUT/$1"/*.yaml)
  if [ "${#tests[@]}" -eq 0 ]; then return; fi
  kubectl apply --server-side --field-manager=floe-kind "${tests[@]/#/--filename=}"
  for job in "${tests[@]}"; do
    kubectl wait --for=condition=complete --filename "$job" --timeout="$(left)"
  done
}

wait_for() {
  say "waiting for everything in $1"
  local workloads workload job
  kubectl wait --namespace "$1" --for=condition=Ready externalsecrets.external-secrets.io --all --timeout="$(left)"
  workloads=$(kubectl get deployments,statefulsets,daemonsets --namespace "$1" --output name)
  for workload in $workloads; do
    kubectl rollout status --namespace "$1" "$workload" --timeout="$(left)"
  done
  for job in "$OUTPUT/$1"/job.batch_*.yaml; do
    if [ -e "$job" ] && ! grep -q "$AFTER_SYNC" "$job"; then kubectl wait --for=condition=complete --filename "$job" --timeout="$(left)"; fi
  done
}

run_as_cronjob() {
  say "running the data product $2 of $1, as its CronJob would"
  kubectl create job --namespace "$1" --from="cronjob/$2" "try-$2"
  kubectl wait --namespace "$1" --for=condition=complete "job/try-$2" --timeout="$(left)"
}

run_in_dagster() {
  say "running the data product $2 of $1 in Dagster"
  local run=dagster/job=${2//-/_}
  kubectl exec --namespace "$1" deployment/dagster-webserver -- \
    dagster job launch --workspace /dagster-workspace/workspace.yaml --location "$2" --job "${2//-/_}"
  # The daemon takes it from the queue and launches a Job for it.
  until kubectl get jobs --namespace "$1" --selector "$run" --output name | grep -q .; do
    if [ "$SECONDS" -ge "$SECONDS_TO_START" ]; then
      echo "Dagster did not launch the run" >&2
      return 1
    fi
    sleep 5
  done
  kubectl wait --namespace "$1" --for=condition=complete job --selector "$run" --timeout="$(left)"
}

diagnose() {
  say "what the cluster says"
  kubectl get nodes,pods --all-namespaces --output wide
  kubectl get externalsecrets.external-secrets.io,persistentvolumeclaims --all-namespaces
  kubectl get events --all-namespaces --field-selector type=Warning --sort-by .lastTimestamp | tail -n 60
  local namespace pod
  while read -r namespace pod; do
    say "pod $pod in $namespace"
    kubectl describe pod --namespace "$namespace" "$pod" | tail -n 40
    kubectl logs --namespace "$namespace" "$pod" --all-containers --prefix --tail 60
  done < <(kubectl get pods --all-namespaces --no-headers \
    | awk '{split($3, ready, "/")} $4 != "Completed" && ($4 != "Running" || ready[1] != ready[2]) {print $1, $2}')
}

finish() {
  local status=$?
  set +e
  if [ "$status" -ne 0 ]; then diagnose; fi
  if [ "${KEEP:-}" ]; then
    kind export kubeconfig --name "$CLUSTER" --kubeconfig "$HOME/.kube/$CLUSTER"
    say "left running: KUBECONFIG=$HOME/.kube/$CLUSTER kubectl get pods --all-namespaces"
  else
    kind delete cluster --name "$CLUSTER"
  fi
  rm -rf "$work"
  exit "$status"
}

trap finish EXIT
create_cluster
load_product_images
install_external_secrets
apply _cluster
order=$(namespaces)
for namespace in $order; do apply "$namespace"; done
for namespace in $order; do wait_for "$namespace"; done
for namespace in $order; do test_it "$namespace"; done
run_as_cronjob floe-finance-domain cost-center
run_in_dagster floe-sales-domain customer-360
say "everything runs"
