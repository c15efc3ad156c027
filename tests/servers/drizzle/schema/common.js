// Tables that every generation of the older application has alike, written after its data model; and what the others are made with.
const { boolean, check, index, integer, jsonb, numeric, pgTable, text, timestamp, unique, uniqueIndex } = require('drizzle-orm/pg-core');
const { sql } = require('drizzle-orm');

const id = () => text('id').primaryKey();
const moment = (name) => timestamp(name, { mode: 'date' });
const zoned = (name) => timestamp(name, { mode: 'date', withTimezone: true });
const times = () => ({ createdAt: moment('created_at').notNull().defaultNow(), updatedAt: moment('updated_at').notNull().defaultNow() });
const version = () => integer('version').notNull().default(1);
const of = (column, table, onDelete = 'cascade') => text(column).references(() => table().id, { onDelete });

const adminUser = pgTable('admin_user', {
  id: id(), name: text('name').notNull(), email: text('email').notNull().unique(), passwordHash: text('password_hash').notNull(),
  isActive: boolean('is_active').notNull().default(true), ...times(),
});
const adminSession = pgTable('admin_session', {
  id: id(), token: text('token').notNull().unique(), adminUserId: of('admin_user_id', () => adminUser).notNull(), expiresAt: moment('expires_at').notNull(),
  ipAddress: text('ip_address'), userAgent: text('user_agent'), ...times(),
}, (t) => [index('admin_session_admin_user_id_idx').on(t.adminUserId)]);
const user = pgTable('user', {
  id: id(), name: text('name').notNull(), email: text('email').notNull().unique(), emailVerified: boolean('email_verified').notNull().default(false),
  image: text('image'), ...times(),
});
const session = pgTable('session', {
  id: id(), token: text('token').notNull().unique(), userId: of('user_id', () => user).notNull(), expiresAt: moment('expires_at').notNull(),
  activeClientId: text('active_client_id'), ipAddress: text('ip_address'), userAgent: text('user_agent'), ...times(),
}, (t) => [index('session_user_id_idx').on(t.userId)]);
const account = pgTable('account', {
  id: id(), accountId: text('account_id').notNull(), providerId: text('provider_id').notNull(), userId: of('user_id', () => user).notNull(),
  accessToken: text('access_token'), refreshToken: text('refresh_token'), idToken: text('id_token'), accessTokenExpiresAt: moment('access_token_expires_at'),
  refreshTokenExpiresAt: moment('refresh_token_expires_at'), scope: text('scope'), password: text('password'), ...times(),
}, (t) => [index('account_user_id_idx').on(t.userId)]);
const verification = pgTable('verification', {
  id: id(), identifier: text('identifier').notNull(), value: text('value').notNull(), expiresAt: moment('expires_at').notNull(),
  createdAt: moment('created_at').defaultNow(), updatedAt: moment('updated_at').defaultNow(),
});
const client = pgTable('client', {
  id: id(), name: text('name').notNull(), slug: text('slug').unique(), logo: text('logo'), metadata: jsonb('metadata'), version: version(), ...times(),
}, (t) => [uniqueIndex('client_slug_idx').on(t.slug)]);
const member = pgTable('member', {
  id: id(), clientId: of('client_id', () => client).notNull(), userId: of('user_id', () => user).notNull(), role: text('role').notNull().default('member'), ...times(),
}, (t) => [uniqueIndex('member_client_user_idx').on(t.clientId, t.userId), index('member_client_id_idx').on(t.clientId), index('member_user_id_idx').on(t.userId)]);
const invitation = pgTable('invitation', {
  id: id(), clientId: of('client_id', () => client).notNull(), email: text('email').notNull(), role: text('role'), status: text('status').notNull().default('pending'),
  expiresAt: moment('expires_at').notNull(), inviterId: of('inviter_id', () => user).notNull(),
}, (t) => [index('invitation_client_id_idx').on(t.clientId)]);

const oneParent = (name, chat, other) => check(name, sql`(${chat} IS NOT NULL AND ${other} IS NULL) OR (${chat} IS NULL AND ${other} IS NOT NULL)`);

module.exports = {
  tables: { adminUser, adminSession, user, session, account, verification, client, member, invitation },
  made: { boolean, id, index, integer, jsonb, moment, numeric, of, oneParent, pgTable, text, times, unique, version, zoned },
};
