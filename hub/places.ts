/** Addresses, the repository and its people, as they appear inside every answer. */

/** Where people look at things; nothing listens there. */
const SERVER = 'https://github.com';
export const CREATED_AT = '2026-01-05T08:00:00Z';

export class Places {
  constructor(
    /** Without a slash at its end. */
    private readonly apiUrl: string,
    /** `owner/name`. */
    readonly repository: string,
    readonly isPrivate: boolean,
  ) {}

  /** Address of something of the repository in the API. */
  api(path = ''): string {
    return `${this.apiUrl}/repos/${this.repository}${path}`;
  }

  /** Address of something of the repository for people. */
  page(path = ''): string {
    return `${SERVER}/${this.repository}${path}`;
  }

  get owner(): string {
    return this.repository.split('/')[0] ?? '';
  }

  /** `simple-user`. */
  user(login: string) {
    // The names of bots end in `[bot]`.
    const url = `${this.apiUrl}/users/${encodeURIComponent(login)}`;
    return {
      login,
      id: 1001,
      node_id: nodeId('User', login),
      avatar_url: `${SERVER}/${encodeURIComponent(login)}.png`,
      gravatar_id: '',
      url,
      html_url: `${SERVER}/${encodeURIComponent(login)}`,
      followers_url: `${url}/followers`,
      following_url: `${url}/following{/other_user}`,
      gists_url: `${url}/gists{/gist_id}`,
      starred_url: `${url}/starred{/owner}{/repo}`,
      subscriptions_url: `${url}/subscriptions`,
      organizations_url: `${url}/orgs`,
      repos_url: `${url}/repos`,
      events_url: `${url}/events{/privacy}`,
      received_events_url: `${url}/received_events`,
      type: 'User',
      site_admin: false,
    };
  }

  /** `minimal-repository`. */
  minimalRepository() {
    return {
      id: 2002,
      node_id: nodeId('Repository', this.repository),
      name: this.repository.split('/')[1] ?? '',
      full_name: this.repository,
      private: this.isPrivate,
      owner: this.user(this.owner),
      html_url: this.page(),
      description: null,
      fork: false,
      url: this.api(),
      ...Object.fromEntries(
        Object.entries(REPOSITORY_URLS).map(([name, path]) => [`${name}_url`, this.api(path)]),
      ),
    };
  }

  /** `repository`: what a pull request has at both ends. */
  wholeRepository() {
    return {
      ...this.minimalRepository(),
      git_url: `git://${SERVER.slice('https://'.length)}/${this.repository}.git`,
      ssh_url: `git@github.com:${this.repository}.git`,
      clone_url: this.page('.git'),
      svn_url: this.page(),
      mirror_url: null,
      homepage: null,
      language: 'TypeScript',
      license: null,
      size: 42,
      default_branch: 'main',
      ...{ forks: 0, forks_count: 0, open_issues: 0, open_issues_count: 0 },
      ...{ stargazers_count: 0, watchers: 0, watchers_count: 0 },
      ...{ has_issues: true, has_projects: false, has_wiki: false, has_pages: false, has_downloads: true },
      ...{ archived: false, disabled: false, visibility: this.isPrivate ? 'private' : 'public' },
      ...{ created_at: CREATED_AT, updated_at: CREATED_AT, pushed_at: CREATED_AT },
    };
  }
}

/** GitHub's opaque name of a thing. */
export function nodeId(kind: string, name: string | number): string {
  return Buffer.from(`${kind}:${name}`).toString('base64');
}

const REPOSITORY_URLS = {
  archive: '/{archive_format}{/ref}',
  assignees: '/assignees{/user}',
  blobs: '/git/blobs{/sha}',
  branches: '/branches{/branch}',
  collaborators: '/collaborators{/collaborator}',
  comments: '/comments{/number}',
  commits: '/commits{/sha}',
  compare: '/compare/{base}...{head}',
  contents: '/contents/{+path}',
  contributors: '/contributors',
  deployments: '/deployments',
  downloads: '/downloads',
  events: '/events',
  forks: '/forks',
  git_commits: '/git/commits{/sha}',
  git_refs: '/git/refs{/sha}',
  git_tags: '/git/tags{/sha}',
  hooks: '/hooks',
  issue_comment: '/issues/comments{/number}',
  issue_events: '/issues/events{/number}',
  issues: '/issues{/number}',
  keys: '/keys{/key_id}',
  labels: '/labels{/name}',
  languages: '/languages',
  merges: '/merges',
  milestones: '/milestones{/number}',
  notifications: '/notifications{?since,all,participating}',
  pulls: '/pulls{/number}',
  releases: '/releases{/id}',
  stargazers: '/stargazers',
  statuses: '/statuses/{sha}',
  subscribers: '/subscribers',
  subscription: '/subscription',
  tags: '/tags',
  teams: '/teams',
  trees: '/git/trees{/sha}',
};
